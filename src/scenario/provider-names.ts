import { suggest } from './suggest.ts';
import type { ProviderName } from './scenario.ts';

/** Every provider, in the order in which `auto` prefers them. */
export const PROVIDER_NAMES: readonly ProviderName[] = ['lxd', 'incus', 'kind'];

/** What `--provider` names: one or several to run with, one after the other, or `auto` for whichever can. */
export type ProviderChoice = ProviderName | 'auto';

/** `--provider` as it was written can't be followed; the message says why. */
export class ProviderNamesError extends Error {}

/** Reads `lxd`, `auto` or `lxd,incus,kind`. @throws {ProviderNamesError} for anything else. */
export function readProviderNames(text: string): readonly [ProviderChoice, ...ProviderChoice[]] {
  const there = `there are ${PROVIDER_NAMES.join(', ')} and auto`;
  const names = text.split(',').map((word) => {
    const name = word.trim();
    if (name === '') throw new ProviderNamesError(`"${text}" leaves a name empty: ${there}`);
    if (name === 'auto') return name;
    const found = PROVIDER_NAMES.find((candidate) => candidate === name);
    if (found !== undefined) return found;
    const near = suggest(name, [...PROVIDER_NAMES, 'auto']);
    const meant = near === null ? '' : `, did you mean ${near}?`;
    throw new ProviderNamesError(`there is no provider "${name}"${meant || `: ${there}`}`);
  });
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ProviderNamesError(`"${text}" names ${twice} twice`);
  if (names.length > 1 && names.includes('auto')) {
    throw new ProviderNamesError(
      `"${text}": auto chooses one provider by itself, so no other stands beside it`,
    );
  }
  return names as [ProviderChoice, ...ProviderChoice[]];
}
