// Loaded before the servers: every one of them listens on the loopback address only, and the windows of the
// rate limits are as short as RATE_WINDOW_SECONDS says, so that a test can live through one.
'use strict'
const net = require('node:net')
const Module = require('node:module')

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'object' && args[0] !== null && 'port' in args[0]) {
    args[0] = { ...args[0], host: '127.0.0.1' }
  } else if (typeof args[0] === 'number' || typeof args[0] === 'string') {
    args = [{ port: Number(args[0]), host: '127.0.0.1' }, ...args.filter((arg) => typeof arg === 'function')]
  }
  return listen.apply(this, args)
}

const window_seconds = Number(process.env.RATE_WINDOW_SECONDS || 0)
const load = Module._load
Module._load = function (name, ...rest) {
  const loaded = load.call(this, name, ...rest)
  if (name !== 'rate-limiter-flexible' || !window_seconds) return loaded
  return {
    ...loaded,
    RateLimiterMemory: class extends loaded.RateLimiterMemory {
      constructor(options) {
        super({ ...options, duration: Math.min(options.duration, window_seconds) })
      }
    },
  }
}
