import { ok, problem, type Finding } from './finding.ts';
import { cgroupVersionOf } from '../cgroup-settings.ts';
import type { ModuleState } from '../kernel-modules.ts';
import type { HostState } from './host-state.ts';

/** The version of control groups, which decides how nodes and kubelets are configured. */
export function cgroup({ facts }: HostState): Finding {
  const layout = { v1: 'v1', hybrid: 'v1 (hybrid)', v2: 'v2' }[facts.cgroup];
  const told = cgroupVersionOf(facts.cgroup) === 1 ? ': kubelet is told to accept it' : '';
  return ok('cgroup', `cgroup ${layout}${told}`);
}

/** Whether limits may be raised. */
export function capSysResource({ facts }: HostState): Finding {
  return ok(
    'cap-sys-resource',
    facts.capSysResource
      ? 'CAP_SYS_RESOURCE is there'
      : 'CAP_SYS_RESOURCE is missing: containerd is told to leave oom_score_adj alone',
  );
}

/** The parts of the kernel that nodes need; the kernel loads what it has when a node asks for it. */
export function modules({ facts }: HostState): Finding {
  const inState = (...states: readonly string[]): string[] =>
    [...facts.modules].filter(([, state]) => states.includes(state)).map(([name]) => name);
  const absent = inState('absent');
  if (absent.length > 0) {
    return problem('modules', 'blocker', {
      cause: `this kernel has no ${absent.join(', ')}`,
      consequence: 'nodes can not start pods, or their Services do not work',
      advice:
        'Install the modules of the running kernel (Ubuntu: linux-modules-extra), or restart into the installed one.',
    });
  }
  const rest = inState('loadable', 'unknown');
  const loaded = `the kernel has ${inState('there').join(', ')}`;
  return ok(
    'modules',
    rest.length === 0 ? loaded : `${loaded}; loads when asked, or unknown: ${rest.join(', ')}`,
  );
}

/** Modules that the k8s snap's own network asks for; a run with an installed snap loads those that are only installed. */
export function snapModules({ facts, needs }: HostState): Finding {
  const inState = (state: ModuleState): string[] =>
    [...facts.snapModules].filter(([, found]) => found === state).map(([name]) => name);
  if (!needs.snap) return ok('snap-modules', 'no snap is installed in the nodes');
  const absent = inState('absent');
  if (absent.length > 0) {
    return problem('snap-modules', 'blocker', {
      cause: `this kernel has no ${absent.join(', ')}, and can not load them`,
      consequence: "the k8s snap's nodes ask for them, for Services and for pods on other nodes",
      advice:
        'Install the modules of the running kernel (Ubuntu: linux-modules-extra), or restart into the installed one.',
    });
  }
  const unknown = inState('unknown');
  if (unknown.length > 0) {
    return problem('snap-modules', 'warning', {
      cause: `nothing here tells whether the kernel has ${unknown.join(', ')}`,
      consequence: 'they are taken for built in: nodes may miss one that is not',
      advice: 'Install the files of the running kernel: its /lib/modules would tell.',
    });
  }
  const loads = inState('loadable');
  const told = loads.length === 0 ? '' : `; the engine loads ${loads.join(', ')}`;
  return ok('snap-modules', `the kernel has what the k8s snap asks for${told}`);
}

/** The module of VXLAN tunnels, which a network plugin makes in the nodes; the kernel loads it when it is asked for the first. */
export function vxlanModule({ facts, needs }: HostState): Finding {
  if (!needs.vxlan) return ok('vxlan', 'no tunnels between nodes are asked for');
  if (facts.snapModules.get('vxlan') === 'absent') {
    return problem('vxlan', 'blocker', {
      cause: 'this kernel has no vxlan, and can not load it',
      consequence:
        'the network plugin makes no tunnel between nodes: flanneld would end with "failed to create vxlan device"',
      advice:
        'Install the modules of the running kernel (Ubuntu: linux-modules-extra), or write another cni.mode.',
    });
  }
  return ok('vxlan', 'the kernel has vxlan, loads it when asked, or nothing tells');
}
