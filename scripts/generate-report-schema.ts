// Writes the schemas of report.json and index.json from src/report/. With --check it only compares, and fails when one is stale.
import { readFile, writeFile } from 'node:fs/promises';
import { reportIndexJsonSchema } from '../src/report/report-index.ts';
import { reportJsonSchema } from '../src/report/report.ts';

for (const [name, schema] of [
  ['report', reportJsonSchema()],
  ['index', reportIndexJsonSchema()],
] as const) {
  const file = new URL(`../schemas/${name}.schema.json`, import.meta.url);
  const wanted = `${JSON.stringify(schema, null, 2)}\n`;
  if (!process.argv.includes('--check')) await writeFile(file, wanted);
  else if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
    console.error(`schemas/${name}.schema.json is stale. Run \`npm run generate\` and commit it.`);
    process.exitCode = 1;
  }
}
