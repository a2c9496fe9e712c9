import test from 'ava';
import { findings } from './findings.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import { parseForeignImage, takesForeignImage } from '../../../src/scenario/foreign-image-name.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';

for (const [text, expected] of [
  ['ubuntu:24.04', { remote: 'ubuntu', alias: '24.04' }],
  ['local:my-alias', { remote: 'local', alias: 'my-alias' }],
  ['images:debian/13/cloud', { remote: 'images', alias: 'debian/13/cloud' }],
  ['my.server_1:a:b', { remote: 'my.server_1', alias: 'a:b' }],
  ['./ubuntu:24.04', null],
  ['images/ubuntu:24.04', null],
  ['/ubuntu:24.04', null],
  ['ubuntu:', null],
  [':24.04', null],
  ['ubuntu: 24.04', null],
  ['-x:24.04', null],
  ['cafe1234', null],
  ['node-image.tar', null],
] as const) {
  test(`${text} is ${expected === null ? 'a file or a key' : 'an image of the engine'}`, (t) => {
    t.deepEqual(parseForeignImage(text), expected);
  });
}

const SNAP: Partial<Scenario> = { distribution: { name: 'k8s-snap', version: '1.36.3' } };
const STORE: Partial<Scenario> = { ...SNAP, install: { from: 'snap-store', channel: '1.36-classic/stable' } };

for (const [what, change, foreign] of [
  ['kubeadm', {}, false],
  ['k8s-snap that is in the image', SNAP, false],
  ['k8s-snap from the store', STORE, true],
  ['k8s-snap from the store with a node image of our own', { ...STORE, image: 'cafe1234' }, false],
  ["k8s-snap as a program of the user's own", { ...SNAP, binary: './k8s' }, false],
  ['k8s-snap that is in an image of the engine', { ...SNAP, image: 'local:with-k8s' }, true],
] as const) {
  test(`${what} takes ${foreign ? 'an image of the engine' : 'a node image'}`, (t) => {
    t.is(takesForeignImage(sampleScenario(change)), foreign);
  });
}

const K8S_SNAP = 'distribution: { name: k8s-snap }';

for (const [text, expected] of [
  ['image: ubuntu:24.04', ['image-distribution image']],
  ['image: ./ubuntu:24.04', []],
  ['image: cafe1234', []],
  [`image: ubuntu:24.04\n${K8S_SNAP}`, []],
  [`image: local:mine\n${K8S_SNAP}\ninstall: preinstalled`, []],
  [`image: cafe1234\n${K8S_SNAP}`, []],
  [`image: cafe1234\n${K8S_SNAP}\ninstall: preinstalled`, []],
  [`image: cafe1234\n${K8S_SNAP}\ninstall: 1.36-classic/stable`, ['image-distribution image']],
  [`image: ubuntu:24.04\n${K8S_SNAP}\ninstall: 1.36-classic/stable`, []],
] as const) {
  test(`image-distribution: ${text}`, (t) => {
    t.deepEqual(findings(text), [...expected]);
  });
}

for (const [text, expected] of [
  [`images: [web.tar]\n${K8S_SNAP}\ninstall: 1.36-classic/stable`, ['not-yet images']],
  [`images: [web.tar]\n${K8S_SNAP}\nbinary: ./k8s`, []],
  [`images: [web.tar]\n${K8S_SNAP}\nimage: local:mine`, []],
] as const) {
  test(`not-yet: ${text}`, (t) => {
    t.deepEqual(findings(text), [...expected]);
  });
}
