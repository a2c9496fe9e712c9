// `npm test`: unit and command line tests side by side, then the integration tests on the real engine one after the other. Ends
// with one line of totals, and with status 1 unless everything passed.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ava = join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');

/**
 * Runs a group of tests; what AVA says is passed on as it comes.
 * @param {string} config
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
function runGroup(config) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [ava, '--config', config, ...process.argv.slice(2)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      process.stdout.write(chunk);
      output += chunk;
    });
    child.on('close', (status) => {
      const plain = output.replaceAll(/\u001B\[[0-9;]*m/g, '');
      // AVA's own totals leave out what passed as soon as something has failed; its lines say each.
      const count = (/** @type {RegExp} */ pattern) => plain.match(pattern)?.length ?? 0;
      const passed = count(/^\s*✔ /gm);
      const skipped = count(/^\s*- \[(?:skip|todo)\]/gm);
      const reported = Number(/^\s*(\d+) tests? failed/m.exec(plain)?.[1] ?? 0);
      const counted = Math.max(count(/^\s*✘ \[fail\]/gm), reported);
      // Whatever else AVA objects to (a file without tests, a time-out) is a failure too.
      const failed = status === 0 ? counted : Math.max(counted, 1);
      resolve({ passed, failed, skipped });
    });
  });
}

const totals = { passed: 0, failed: 0, skipped: 0 };
for (const config of ['ava.config.js', 'ava.integration.config.js']) {
  const group = await runGroup(config);
  totals.passed += group.passed;
  totals.failed += group.failed;
  totals.skipped += group.skipped;
}
const skipped = totals.skipped === 0 ? '' : `, ${totals.skipped} skipped`;
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
