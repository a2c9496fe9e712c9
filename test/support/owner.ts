import type { Owner } from '../../src/providers/provider.ts';
import type { Lease } from '../../src/run/lease.ts';

/** A lease that says nothing of any real machine. */
export function sampleLease(change: Partial<Lease> = {}): Lease {
  return {
    machineId: '0123456789abcdef0123456789abcdef',
    bootId: '00000000-0000-4000-8000-000000000000',
    pid: 4242,
    startTicks: 123_456,
    expiresAt: '2026-03-04T05:06:07.000Z',
    ...change,
  };
}

export function sampleOwner(runId: string, change: Partial<Lease> = {}): Owner {
  return { runId, lease: sampleLease(change) };
}
