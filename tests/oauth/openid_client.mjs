// openid-client and jose: discovery, grant, introspection, verification by JWKS, revocation; says what it saw as JSON.
//   node openid_client.mjs, with ISSUER and AUDIENCE in the environment and the clients' credentials as JSON on stdin
import {createRemoteJWKSet, jwtVerify} from 'jose';
import assert from 'node:assert';
import fs from 'node:fs';
import {Issuer} from 'openid-client';

const {ISSUER, AUDIENCE} = process.env;
const {billing, reader} = JSON.parse(fs.readFileSync(0, 'utf8'));
const issuer = await Issuer.discover(ISSUER + '/.well-known/oauth-authorization-server');
const client = ({client_id, client_secret}, method) => new issuer.Client({client_id, client_secret,
  token_endpoint_auth_method: method, introspection_endpoint_auth_method: method, revocation_endpoint_auth_method: method});
const keys = createRemoteJWKSet(new URL(issuer.metadata.jwks_uri));
const seen = {};
for (const method of ['client_secret_basic', 'client_secret_post']) {
  const own = client(billing, method);
  const introspector = client(reader, method);
  const set = await own.grant({grant_type: 'client_credentials', scope: 'contacts'});
  assert.strictEqual(set.token_type, 'Bearer');
  assert.strictEqual(set.scope, 'contacts');
  const {payload, protectedHeader} = await jwtVerify(set.access_token, keys, {
    issuer: ISSUER, audience: AUDIENCE, algorithms: ['ES256'], typ: 'at+jwt',
    requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']});  // RFC 9068 section 2.2
  assert.strictEqual(payload.client_id, billing.client_id);
  assert.strictEqual(payload.exp - payload.iat, 300);
  const told = await introspector.introspect(set.access_token);
  assert.strictEqual(told.active, true);
  assert.strictEqual(told.sub, payload.sub);
  assert.strictEqual(told.scope, 'contacts');
  await own.revoke(set.access_token);
  assert.strictEqual((await introspector.introspect(set.access_token)).active, false);
  await assert.rejects(own.grant({grant_type: 'client_credentials', scope: 'token-introspection'}), {error: 'invalid_scope'});
  await assert.rejects(own.grant({grant_type: 'client_credentials', resource: 'urn:other'}), {error: 'invalid_target'});
  await assert.rejects(own.grant({grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer'}), {error: 'unsupported_grant_type'});
  await assert.rejects(own.introspect(set.access_token), {error: 'unauthorized_client'});
  await assert.rejects(client({...billing, client_secret: 'neoid_mistyped'}, method).grant({grant_type: 'client_credentials'}),
    {error: 'invalid_client'});
  const elsewhere = await own.grant({grant_type: 'client_credentials', scope: 'contacts', resource: 'https://api.example.com'});
  await assert.rejects(jwtVerify(elsewhere.access_token, keys, {audience: AUDIENCE}), {code: 'ERR_JWT_CLAIM_VALIDATION_FAILED'});
  seen[method] = protectedHeader;
}
console.log(JSON.stringify(seen));
