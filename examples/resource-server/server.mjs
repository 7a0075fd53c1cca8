// A resource server: every call needs an access token of the issuer, for this audience, with the scope of its route.
//   ISSUER=https://id.example.com AUDIENCE=https://api.example.com PORT=8080 node server.mjs
import {createRemoteJWKSet, jwtVerify} from 'jose';
import http from 'node:http';

const {ISSUER, AUDIENCE, PORT = '8080'} = process.env;
const ROUTES = {'GET /contacts': 'contacts', 'POST /invoices': 'finance'};  // a route and the scope that it needs

// RFC 8414: the issuer's metadata says where its keys are. They are fetched when they are needed, and again when a token
// names one that is not known yet: signing keys rotate.
const issuer = new URL(ISSUER);
const place = `${issuer.origin}/.well-known/oauth-authorization-server${issuer.pathname.replace(/\/$/, '')}`;
const metadata = await (await fetch(place)).json();
if (metadata.issuer !== ISSUER) throw new Error(`${place} says that its issuer is ${metadata.issuer}`);
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));

// RFC 9068 section 4: one algorithm, one type; issuer, audience and time are compared too.
const RULES = {issuer: ISSUER, audience: AUDIENCE, algorithms: ['ES256'], typ: 'at+jwt',
  requiredClaims: ['exp', 'sub', 'client_id']};

function answer(response, status, body, headers = {}) {
  response.writeHead(status, {'Content-Type': 'application/json', ...headers});
  response.end(JSON.stringify(body) + '\n');
}

// RFC 6750 section 3: why a call was refused. One without any token is not told an error.
function refuse(response, status, error, description, scope) {
  const parts = ['realm="example"'];
  if (error) parts.push(`error="${error}"`, `error_description="${description}"`);
  if (scope) parts.push(`scope="${scope}"`);
  answer(response, status, {error: error ?? 'no token'}, {'WWW-Authenticate': 'Bearer ' + parts.join(', ')});
}

const server = http.createServer(async (request, response) => {
  const scope = ROUTES[`${request.method} ${request.url.split('?')[0]}`];
  if (!scope) return answer(response, 404, {error: 'not found'});
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (!token) return refuse(response, 401);
  let claims;
  try {
    ({payload: claims} = await jwtVerify(token, keys, RULES));
  } catch (error) {
    // What says nothing about the token (the issuer cannot be reached, say) is not the caller's fault.
    if (!/^ERR_(JWT|JWS|JOSE_ALG|JOSE_NOT|JWKS_NO)_/.test(error.code ?? '')) return answer(response, 503, {error: 'keys cannot be fetched'});
    return refuse(response, 401, 'invalid_token', error.code === 'ERR_JWT_EXPIRED' ? 'the token has expired' : 'the token is not valid here');
  }
  if (!String(claims.scope ?? '').split(' ').includes(scope))
    return refuse(response, 403, 'insufficient_scope', 'the token lacks a scope', scope);
  answer(response, 200, {client: claims.client_id, scope});
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
