import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** Versions of the components of a release. */
export type ReleaseVersions = Readonly<
  Record<'kubernetes' | 'containerd' | 'etcd' | 'coredns' | 'cni-plugins', string>
>;

const PROGRAMS = {
  kubernetes: [
    'kubelet',
    'kubeadm',
    'kubectl',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-proxy',
  ],
  containerd: ['containerd', 'ctr', 'containerd-shim-runc-v2'],
  etcd: ['etcd', 'etcdctl'],
  coredns: ['coredns'],
  'cni-plugins': ['bandwidth', 'bridge', 'host-local', 'loopback', 'portmap', 'ptp'],
} as const;

const GITHUB = {
  containerd: '/containerd/containerd/releases/download',
  etcd: '/etcd-io/etcd/releases/download',
  coredns: '/coredns/coredns/releases/download',
  'cni-plugins': '/containernetworking/plugins/releases/download',
} as const;

/**
 * The files of a release as the projects' own sites lay them out, by path. Written down here by themselves, not made from our templates:
 * https://kubernetes.io/releases/download/ (one file a program, a bare sum beside each) and the release pages at GitHub of containerd
 * (`.sha256sum`, programs in `bin/`), etcd (`SHA256SUMS`, programs in a folder), CoreDNS and the CNI plugins (`.sha256`, programs at
 * the top; those of the CNI plugins as `./bridge`).
 */
export async function layOutRelease(
  versions: ReleaseVersions,
  programOf: (name: string) => Buffer | Promise<Buffer>,
  architecture: 'amd64' | 'arm64' = 'amd64',
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const program of PROGRAMS.kubernetes) {
    const path = `/release/v${versions.kubernetes}/bin/linux/${architecture}/${program}`;
    const content = await programOf(program);
    files.set(path, content);
    files.set(`${path}.sha256`, Buffer.from(sumOf(content)));
  }
  const archive = async (
    component: keyof typeof GITHUB,
    name: string,
    member: (program: string) => string,
    sums: string,
  ): Promise<void> => {
    const content = await tarball(PROGRAMS[component], member, programOf);
    const folder = `${GITHUB[component]}/v${versions[component]}`;
    files.set(`${folder}/${name}`, content);
    const other = `${'0'.repeat(64)}  another-file.tar.gz\n`;
    files.set(
      `${folder}/${sums}`,
      Buffer.from(`${sums === 'SHA256SUMS' ? other : ''}${sumOf(content)}  ${name}\n`),
    );
  };
  const containerd = `containerd-static-${versions.containerd}-linux-${architecture}.tar.gz`;
  await archive('containerd', containerd, (program) => `bin/${program}`, `${containerd}.sha256sum`);
  const etcd = `etcd-v${versions.etcd}-linux-${architecture}`;
  await archive('etcd', `${etcd}.tar.gz`, (program) => `${etcd}/${program}`, 'SHA256SUMS');
  const coredns = `coredns_${versions.coredns}_linux_${architecture}.tgz`;
  await archive('coredns', coredns, (program) => program, `${coredns}.sha256`);
  const cni = `cni-plugins-linux-${architecture}-v${versions['cni-plugins']}.tgz`;
  await archive('cni-plugins', cni, (program) => `./${program}`, `${cni}.sha256`);
  return files;
}

/** What `TWINSTACK_UPSTREAM` names to have all of that fetched from one server. */
export function releaseUpstream(origin: string): { releases: Record<string, string> } {
  const github = Object.entries(GITHUB).map(([name, path]) => [name, `${origin}${path}`]);
  return {
    releases: { kubernetes: `${origin}/release`, ...(Object.fromEntries(github) as Record<string, string>) },
  };
}

async function tarball(
  programs: readonly string[],
  member: (program: string) => string,
  programOf: (name: string) => Buffer | Promise<Buffer>,
): Promise<Buffer> {
  const tar = pack();
  const packed = buffer(tar.pipe(createGzip({ level: 1 })));
  tar.entry({ name: member('README.md'), mode: 0o644 }, 'not a program\n');
  for (const program of programs) tar.entry({ name: member(program), mode: 0o755 }, await programOf(program));
  tar.finalize();
  return await packed;
}

function sumOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
