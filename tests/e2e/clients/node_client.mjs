// @kubernetes/client-node: calls of every sort, then an informer that prints what it sees, a line an event.
//   node node_client.mjs KUBECONFIG
import * as k8s from '@kubernetes/client-node';
import assert from 'node:assert';

const config = new k8s.KubeConfig();
config.loadFromFile(process.argv[2]);
config.setCurrentContext('platform');
const core = config.makeApiClient(k8s.CoreV1Api);
const namespace = 'default';

const secret = await core.createNamespacedSecret({
  namespace, body: {metadata: {name: 'node'}, stringData: {k: 'v'}}});
assert.strictEqual(secret.data.k, 'dg==');
await assert.rejects(core.createNamespacedSecret({namespace, body: {metadata: {name: 'node'}}}), {code: 409});
const patched = await core.patchNamespacedSecret({
  name: 'node', namespace, body: [{op: 'add', path: '/metadata/labels', value: {a: 'b'}}]});
assert.strictEqual(patched.metadata.labels.a, 'b');
patched.data.k = 'eA==';
const replaced = await core.replaceNamespacedSecret({name: 'node', namespace, body: patched});
assert.notStrictEqual(replaced.metadata.resourceVersion, patched.metadata.resourceVersion);
assert.strictEqual((await core.listNamespacedSecret({namespace, labelSelector: 'a=b'})).items.length, 1);
const objects = k8s.KubernetesObjectApi.makeApiClient(config);
const map = {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'object', namespace}, data: {a: 'b'}};
assert.strictEqual((await objects.create(map)).data.a, 'b');
assert.strictEqual((await objects.read(map)).data.a, 'b');
await objects.delete(map);
await core.deleteNamespacedSecret({name: 'node', namespace});
await assert.rejects(core.readNamespacedSecret({name: 'node', namespace}), {code: 404});
console.log('api ok');

const list = () => core.listNamespacedConfigMap({namespace, labelSelector: 'app=demo'});
const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list, 'app=demo');
for (const event of ['add', 'update', 'delete'])
  informer.on(event, object => console.log(event, object.metadata.name, object.data.key));
// As its documentation says: whoever wants it to go on starts it again.
const start = () => informer.start().catch(again);
const again = () => {
  console.log('error');
  setTimeout(start, 200);
};
informer.on('error', again);
await start();
