import { HOST_ENGINES, type HostEngine } from '../../host/host-engines.ts';
import type { ProviderName } from '../../scenario/scenario.ts';

/**
 * What differs between LXD and Incus as this driver sees them. Incus is a fork of LXD: the REST API, its objects and their
 * configuration, and the commands of the client are one, so everything that is not here is said once for both.
 */
export interface Dialect {
  readonly provider: Extract<ProviderName, 'lxd' | 'incus'>;
  /** Its name in messages. */
  readonly title: string;
  /** The client program. */
  readonly client: string;
  /** Who is in this group may talk to the daemon. */
  readonly group: string;
  /** What systemd calls the daemon. */
  readonly service: string;
  /** What images are pulled by from a remote that the client lists without a protocol: its own. */
  readonly protocol: string;
  /** Where the client keeps what its user set up: by this variable, else below the home folder. */
  readonly configuration: { readonly variable: string; readonly home: string };
  /** The client's folder below the home folder where it comes in a snap; null where there is no such snap. */
  readonly snapHome: string | null;
}

const told = ({
  title,
  client,
  group,
  service,
}: HostEngine): Pick<Dialect, 'title' | 'client' | 'group' | 'service'> => ({
  title,
  client,
  group,
  service,
});

export const LXD: Dialect = {
  ...told(HOST_ENGINES.lxd),
  provider: 'lxd',
  protocol: 'lxd',
  configuration: { variable: 'LXD_CONF', home: '.config/lxc' },
  snapHome: 'snap/lxd/common/config',
};

export const INCUS: Dialect = {
  ...told(HOST_ENGINES.incus),
  provider: 'incus',
  protocol: 'incus',
  configuration: { variable: 'INCUS_CONF', home: '.config/incus' },
  snapHome: null,
};
