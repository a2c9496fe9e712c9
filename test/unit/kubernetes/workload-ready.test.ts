import test from 'ava';
import {
  lookForCompleteJob,
  lookForReadyDaemonSet,
  lookForReadyDeployment,
  lookForReadyPod,
  lookForReadyStatefulSet,
} from '../../../src/kubernetes/workload-ready.ts';

const seen = { metadata: { name: 'x', generation: 2 } };
const status = { observedGeneration: 2 };

test('a Deployment is ready when the newest revision is there, and only it', (t) => {
  const look = (found: object, replicas = 2) =>
    lookForReadyDeployment({
      ...seen,
      spec: { replicas, selector: {}, template: {} },
      status: { ...status, ...found },
    });
  const done = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
  t.true(look(done).met);
  t.deepEqual(look({ ...done, availableReplicas: 1 }), { met: false, missing: '1 of 2 pods are available' });
  t.false(look({ ...done, replicas: 3 }).met, 'an old pod is still there');
  t.false(look({ ...done, updatedReplicas: 1 }).met);
  t.false(look({ ...done, observedGeneration: 1 }).met, 'these are numbers of an earlier generation');
  t.true(look({}, 0).met, 'none wanted');
});

test('StatefulSet, DaemonSet, Pod', (t) => {
  const spec = { replicas: 1, selector: {}, template: {}, serviceName: 'x' };
  const stateful = { ...status, replicas: 1, readyReplicas: 1, currentRevision: 'a', updateRevision: 'a' };
  t.true(lookForReadyStatefulSet({ ...seen, spec, status: stateful }).met);
  t.false(lookForReadyStatefulSet({ ...seen, spec, status: { ...stateful, updateRevision: 'b' } }).met);
  const daemon = {
    ...status,
    currentNumberScheduled: 1,
    numberMisscheduled: 0,
    desiredNumberScheduled: 2,
    updatedNumberScheduled: 2,
    numberReady: 2,
  };
  t.true(lookForReadyDaemonSet({ ...seen, status: daemon }).met);
  t.deepEqual(lookForReadyDaemonSet({ ...seen, status: { ...daemon, numberReady: 1 } }), {
    met: false,
    missing: '1 of 2 pods are ready',
  });
  t.true(lookForReadyPod({ status: { phase: 'Succeeded' } }).met);
  t.true(lookForReadyPod({ status: { conditions: [{ type: 'Ready', status: 'True' }] } }).met);
  t.false(lookForReadyPod({ status: { phase: 'Running' } }).met);
});

test('a Job is complete, or has failed and there is nothing to wait for', (t) => {
  const job = (type: string) => ({
    ...seen,
    status: { conditions: [{ type, status: 'True', message: 'no luck' }] },
  });
  t.true(lookForCompleteJob(job('Complete')).met);
  t.deepEqual(lookForCompleteJob(seen), { met: false, missing: '0 of 1 pods have succeeded' });
  t.throws(() => lookForCompleteJob(job('Failed')), { message: /it failed: no luck/ });
});
