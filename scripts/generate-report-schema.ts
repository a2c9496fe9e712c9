// Writes schemas/report.schema.json from src/report/report.ts. With --check it only compares, and fails when the file is stale.
import { readFile, writeFile } from 'node:fs/promises';
import { reportJsonSchema } from '../src/report/report.ts';

const file = new URL('../schemas/report.schema.json', import.meta.url);
const wanted = `${JSON.stringify(reportJsonSchema(), null, 2)}\n`;

if (process.argv.includes('--check')) {
  const present = await readFile(file, 'utf8').catch(() => '');
  if (present !== wanted) {
    console.error(
      'schemas/report.schema.json is stale. Run `npx tsx scripts/generate-report-schema.ts` and commit it.',
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(file, wanted);
}
