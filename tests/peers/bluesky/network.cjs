// A Bluesky network in two processes, so that the personal data server can be killed and started again:
//   node -r ./pin.cjs network.cjs services '{"pdsPort":..., "postgres":"postgres://...", "schema":"..."}'
//   node -r ./pin.cjs network.cjs pds '{"port":..., "folder":"...", "plcUrl":..., "appUrl":..., "appDid":...}'
// Each prints "ready" and a line of JSON when it is, and ends when its standard input is closed.
'use strict'
const { TestPlc, TestBsky, TestPds, mockResolvers } = require('@atproto/dev-env')
const { mkdirSync } = require('node:fs')
const { join } = require('node:path')

const DOMAINS = ['.test', '.example']

async function services({ pdsPort, postgres, schema }) {
  const plc = await TestPlc.create({})
  const app = await TestBsky.create({
    plcUrl: plc.url,
    pdsPort,
    repoProvider: `ws://localhost:${pdsPort}`,
    dbPostgresUrl: postgres,
    dbPostgresSchema: schema,
  })
  // The directory says where an account lives and the handle is asked for there; both are this machine.
  const pds = {
    url: `http://localhost:${pdsPort}`,
    port: pdsPort,
    ctx: { cfg: { service: { publicUrl: `http://localhost:${pdsPort}` }, identity: { serviceHandleDomains: DOMAINS } } },
  }
  mockResolvers(app.ctx.idResolver, pds)
  mockResolvers(app.dataplane.idResolver, pds)
  return { plcUrl: plc.url, appUrl: app.url, appDid: app.ctx.cfg.serverDid }
}

async function pds({ port, folder, plcUrl, appUrl, appDid }) {
  mkdirSync(join(folder, 'data'), { recursive: true })
  const server = await TestPds.create({
    port,
    didPlcUrl: plcUrl,
    bskyAppViewUrl: appUrl,
    bskyAppViewDid: appDid,
    rateLimitsEnabled: true,
    dataDirectory: join(folder, 'data'),
    blobstoreDiskLocation: join(folder, 'blobs'),
  })
  mockResolvers(server.ctx.idResolver, server)
  return { url: server.url }
}

const [role, given] = process.argv.slice(2)
process.stdin.on('end', () => process.exit(0)).resume()
const roles = { services, pds }
roles[role](JSON.parse(given)).then(
  (ready) => {
    console.log(`ready ${JSON.stringify(ready)}`)
    // Nobody reads on: what is said from now on goes to the log, or a full pipe would stop us.
    process.stdout.write = process.stderr.write.bind(process.stderr)
  },
  (error) => {
    console.error(error)
    process.exit(1)
  },
)
