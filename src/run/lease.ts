import { readFile } from 'node:fs/promises';

/**
 * Who owns a run: written into the journal and, as one line of JSON, into each of the engine's objects. A dead owner on the same
 * machine makes its objects collectable at once; on another machine only the expiry does.
 */
export interface Lease {
  /** `/etc/machine-id`, or the host's name where there is none. */
  readonly machineId: string;
  readonly bootId: string;
  /** 0 when no process owns the run: it was kept, and only the expiry ends its lease. */
  readonly pid: number;
  /** The process' start in clock ticks since boot (field 22 of `/proc/PID/stat`), which tells a reused pid from the same process. */
  readonly startTicks: number;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** No process has this number. */
const KEPT_PID = 0;

async function readTrimmed(file: string): Promise<string | null> {
  return (await readFile(file, 'utf8').catch(() => '')).trim() || null;
}

/** The start of a process in clock ticks since boot, or null when there is no such process (or it is a zombie). */
export async function processStartTicks(pid: number): Promise<number | null> {
  const stat = await readTrimmed(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command's name stands in parentheses and may hold anything, parentheses and spaces included.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return Number(fields[19]);
}

/** This machine's identity: what a lease is compared with. */
export async function machineIdentity(): Promise<{ machineId: string; bootId: string }> {
  const machineId =
    (await readTrimmed('/etc/machine-id')) ?? (await readTrimmed('/proc/sys/kernel/hostname')) ?? 'unknown';
  const bootId = (await readTrimmed('/proc/sys/kernel/random/boot_id')) ?? 'unknown';
  return { machineId, bootId };
}

/** A lease for a process of this machine, valid for `durationMs` from now. */
export async function takeLease(durationMs: number, pid = process.pid): Promise<Lease> {
  const { machineId, bootId } = await machineIdentity();
  const startTicks = (await processStartTicks(pid)) ?? 0;
  return { machineId, bootId, pid, startTicks, expiresAt: new Date(Date.now() + durationMs).toISOString() };
}

/** Whether a lease's owner may still be at work, and the reason in a few words. */
export async function leaseState(
  lease: Lease,
  now = Date.now(),
): Promise<{ alive: boolean; reason: string }> {
  if (lease.pid === KEPT_PID) {
    return Date.parse(lease.expiresAt) > now
      ? { alive: true, reason: `kept until ${lease.expiresAt}` }
      : { alive: false, reason: `kept until ${lease.expiresAt}, which is over` };
  }
  const here = await machineIdentity();
  if (lease.machineId !== here.machineId) {
    return Date.parse(lease.expiresAt) > now
      ? { alive: true, reason: `held by another machine until ${lease.expiresAt}` }
      : { alive: false, reason: `another machine's lease expired at ${lease.expiresAt}` };
  }
  if (lease.bootId !== here.bootId) return { alive: false, reason: 'the machine was restarted since' };
  if ((await processStartTicks(lease.pid)) === lease.startTicks) {
    return { alive: true, reason: `process ${lease.pid} is running` };
  }
  return { alive: false, reason: `process ${lease.pid} is gone` };
}

/** The lease as a label's value. */
export function encodeLease(lease: Lease): string {
  return JSON.stringify([lease.machineId, lease.bootId, lease.pid, lease.startTicks, lease.expiresAt]);
}

/** Reads a label's value; null for what we did not write. */
export function decodeLease(text: string): Lease | null {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(parts)) return null;
  const [machineId, bootId, pid, startTicks, expiresAt] = parts as unknown[];
  if (typeof machineId !== 'string' || typeof bootId !== 'string' || typeof pid !== 'number') return null;
  if (typeof startTicks !== 'number' || typeof expiresAt !== 'string') return null;
  return { machineId, bootId, pid, startTicks, expiresAt };
}
