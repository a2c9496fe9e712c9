import { renderTemplate } from '../../plan/render-template.ts';
import type { Component } from './component-source.ts';
import type { CheckedFile } from '../download/fetch-checked.ts';
import type { Upstream } from '../download/upstream.ts';

/** One file of an official release. */
export interface ReleaseFile extends CheckedFile {
  /** The programs in it: path in the archive by program, or null where the file is the program itself. */
  readonly programs: ReadonlyMap<string, string | null>;
}

/** The files of an official release that hold a component's programs, as the templates lay them out. */
export function releaseFiles(component: Component, upstream: Upstream): ReleaseFile[] {
  const { name, version, architecture, definition } = component;
  const { release } = definition;
  if (release === undefined) throw new Error(`nothing says where the official binaries of ${name} are`);
  const site = upstream.releases[release.site];
  if (site === undefined) throw new Error(`no upstream site ${release.site}, of which ${name} is`);
  const files = new Map<string, ReleaseFile & { programs: Map<string, string | null> }>();
  for (const program of Object.keys(definition.programs)) {
    const values = new Map(Object.entries({ version, architecture, program }));
    const path = renderTemplate(release.file, values);
    const base = site.replace(/\/+$/, '');
    const file = files.get(path) ?? {
      name: path.split('/').at(-1) ?? path,
      url: `${base}/${path}`,
      pinned: upstream.sums[`${release.site}/${path}`] ?? null,
      checksum: {
        url: `${base}/${renderTemplate(release.checksum.file, values)}`,
        form: release.checksum.form,
      },
      programs: new Map(),
    };
    file.programs.set(program, release.member === undefined ? null : renderTemplate(release.member, values));
    files.set(path, file);
  }
  return [...files.values()];
}
