import { HostConversation, type ConversationStart } from '../process/host-conversation.ts';
import { waitUntil } from '../run/wait-until.ts';
import type { Conversation, ProgramEnd } from '../dialogue/conversation.ts';
import type { CommandRunner } from '../process/command-runner.ts';
import {
  endScript,
  requireTerminal,
  startInTerminal,
  terminalFiles,
  type StartedAs,
} from './terminal-program.ts';
import type { CallOptions, Node, NodeProgram } from './provider.ts';

/** In the environment of a program that is talked to, and of everything that it starts: what is ended with it. */
export const DIALOGUE_MARK = 'TWINSTACK_DIALOGUE';

const LOOK_MS = 100;

/** What a conversation with a program in a node needs. */
export interface NodeConversationOptions {
  /** Runs programs in the same node. */
  readonly node: CommandRunner;
  /** The engine's client on this host, with the program in its arguments. */
  readonly client: ConversationStart;
  /** The value of {@link DIALOGUE_MARK} that the program was given; no other program's. */
  readonly mark: string;
  /** The text of `templates/dialogue/end-marked.sh`. */
  readonly endScript: string;
}

/** A program in a node, talked to through the engine's client. */
export class NodeConversation implements Conversation {
  readonly #options: NodeConversationOptions;
  readonly #client: HostConversation;

  constructor(options: NodeConversationOptions) {
    this.#options = options;
    this.#client = new HostConversation(options.client);
  }

  get stdout(): Conversation['stdout'] {
    return this.#client.stdout;
  }

  get stderr(): Conversation['stderr'] {
    return this.#client.stderr;
  }

  get ended(): Promise<ProgramEnd> {
    return this.#client.ended;
  }

  write(text: string): void {
    this.#client.write(text);
  }

  /** In the node first: that the client on this host is gone proves nothing about the program. */
  async kill({ timeoutMs, signal }: CallOptions): Promise<void> {
    const { node, mark, endScript } = this.#options;
    try {
      await waitUntil(
        async (_attempt, looking) => {
          const { exitCode } = await node.run('sh', ['-s', '--', mark], {
            timeoutMs,
            signal: looking,
            input: endScript,
            accept: [0, 1],
          });
          return exitCode === 0 ? { met: true, value: null } : { met: false, missing: 'it was there' };
        },
        { condition: 'the program is gone from its node', timeoutMs, intervalMs: LOOK_MS, signal },
      );
    } catch (error) {
      // Why the program is still there matters more than what becomes of the client.
      await this.#client.kill({ timeoutMs, signal }).catch(() => undefined);
      throw error;
    }
    await this.#client.kill({ timeoutMs, signal });
  }
}

/**
 * Starts a program in a node, to talk to.
 * @param clientOf the engine's client on this host that starts it, with its arguments.
 */
export async function converseInNode(
  node: Node,
  program: NodeProgram,
  clientOf: (started: StartedAs) => Pick<ConversationStart, 'file' | 'args'>,
  options: CallOptions,
): Promise<Conversation> {
  const { mode, mark, file, args } = program;
  if (mode === 'pty') {
    await requireTerminal(node, options);
    await node.writeFiles(await terminalFiles(), options);
  }
  const started: StartedAs = mode === 'pty' ? startInTerminal(program) : { file, args, env: {} };
  const client = clientOf({ ...started, env: { ...started.env, [DIALOGUE_MARK]: mark } });
  return new NodeConversation({
    node,
    client: { ...client, env: process.env },
    mark,
    endScript: await endScript(),
  });
}
