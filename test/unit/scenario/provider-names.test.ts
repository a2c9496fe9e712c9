import test from 'ava';
import { ProviderNamesError, readProviderNames } from '../../../src/scenario/provider-names.ts';

for (const [text, names] of [
  ['lxd', ['lxd']],
  ['auto', ['auto']],
  ['kind,lxd', ['kind', 'lxd']],
  [' lxd , incus,kind ', ['lxd', 'incus', 'kind']],
] as const) {
  test(`--provider "${text}" is ${names.join(' and ')}, in this order`, (t) => {
    t.deepEqual([...readProviderNames(text)], [...names]);
  });
}

for (const [text, message] of [
  ['', /leaves a name empty: there are lxd, incus, kind and auto/],
  ['lxd,', /"lxd," leaves a name empty/],
  [',', /leaves a name empty/],
  ['lxc', /there is no provider "lxc", did you mean lxd\?/],
  ['virtualbox', /there is no provider "virtualbox": there are lxd, incus, kind and auto/],
  ['LXD', /there is no provider "LXD", did you mean lxd\?/],
  ['lxd,kind,lxd', /names lxd twice/],
  ['auto,auto', /names auto twice/],
  ['auto,kind', /auto chooses one provider by itself/],
] as const) {
  test(`--provider "${text}" is refused`, (t) => {
    t.throws(() => readProviderNames(text), { instanceOf: ProviderNamesError, message });
  });
}
