import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const RSS_POLL_MS = 100;
const STDERR_BYTES = 4096;

/**
 * Runs a program to its end.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<{ status: number | null, firstByteMs: number, wallMs: number, peakRssMb: number, stdout: string, stderr: string }>}
 */
export function measure(file, args, cwd) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let firstByteMs = 0;
    let stdout = '';
    let stderr = '';
    let peakRssMb = 0;
    const seen = () => {
      if (firstByteMs === 0) firstByteMs = performance.now() - started;
    };
    child.stderr.on('data', (chunk) => {
      seen();
      stderr = `${stderr}${chunk}`.slice(-STDERR_BYTES);
    });
    child.stdout.on('data', (chunk) => {
      seen();
      stdout += chunk;
    });
    const poll = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        peakRssMb = Math.max(peakRssMb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      } catch {
        // The process has ended between two looks.
      }
    }, RSS_POLL_MS);
    child.on('error', (error) => {
      clearInterval(poll);
      reject(error);
    });
    child.on('close', (status) => {
      clearInterval(poll);
      const wallMs = Math.round(performance.now() - started);
      resolve({
        status,
        firstByteMs: Math.round(firstByteMs),
        wallMs,
        peakRssMb: Math.round(peakRssMb),
        stdout,
        stderr,
      });
    });
  });
}
