'use strict'
/* A Node.js program with a RocksDB addon in it, as the tests want it: it checks its own data and ends with a status that says so.
 *
 *     node host.js HABIT PACKAGE DIRECTORY [ARGUMENT]
 *
 * same N      N operations from a fixed seed, then everything read back: prints one hash, the same for every run
 * serve FILE  a steady mixed load until FILE exists; then closes, opens again and verifies
 * exit N      exit(N) in the middle of it, nothing closed
 * worker N    N times: a worker opens the database, works and closes; one more is ended without closing; then the main thread looks
 * tls FILE    serve, while https requests and cryptography go on in the same process ($TLS: a directory with cert.pem and key.pem)
 *
 * Packages are looked for in $NODE_HOSTS. `rocksdb` is the old addon with callbacks; all others are of the newer kind with promises. */
const crypto = require('node:crypto')
const fs = require('node:fs')
const https = require('node:https')
const { promisify } = require('node:util')
const { createRequire } = require('node:module')
const worker = require('node:worker_threads')

const KEYS = 40000
const CACHE = 1 << 20 /* a tenth of the data, so that a tuner finds something to do */
const PAUSE_MS = 10
const find = createRequire(process.env.NODE_HOSTS + '/')

function fail (what) {
  console.error('wrong: ' + what)
  process.exit(3)
}

/* A database with the same few methods, whichever addon it is. */
async function open (name, directory) {
  const options = { createIfMissing: true, cacheSize: CACHE, parallelism: 2 }
  if (name === 'rocksdb') {
    const db = find(name)(directory)
    for (const f of ['open', 'get', 'batch', 'close']) db[f + 'Now'] = promisify(db[f]).bind(db)
    await db.openNow(options)
    return {
      get: key => db.getNow(key, { asBuffer: false }).catch(() => undefined),
      batch: puts => db.batchNow(puts.map(([key, value]) => ({ type: 'put', key, value }))),
      close: () => db.closeNow()
    }
  }
  const { RocksLevel } = find(name)
  const db = new RocksLevel(directory, options)
  await db.open()
  return {
    get: async key => (await db.getMany([key]))[0],
    batch: async puts => {
      const b = db.batch()
      for (const [key, value] of puts) b.put(key, value)
      await b.write()
    },
    close: () => db.close()
  }
}

const keyOf = n => 'k' + String(n).padStart(11, '0')
/* A value says which key and which writing it is of, so that it can be checked alone; 200 characters more, which do not compress. */
function valueOf (n, writing) {
  const head = n + ':' + writing + ':'
  return head + crypto.createHash('shake256', { outputLength: 150 }).update(head).digest('base64')
}
function check (n, value) {
  if (value === undefined) fail('key ' + n + ' is missing')
  const [a, b] = value.split(':')
  if (Number(a) !== n || value !== valueOf(n, b)) fail('key ' + n + ' holds ' + value.slice(0, 40))
}

/* Numbers below a limit, the same for the same seed. */
function numbers (seed) {
  let state = seed
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 4294967296 * limit)
  }
}

async function fill (db) {
  for (let i = 0; i < KEYS; i += 500) {
    await db.batch(Array.from({ length: 500 }, (_, j) => [keyOf(i + j), valueOf(i + j, 0)]))
  }
}

/* Sixteen reads to one write, the reads checked. */
async function work (db, number, writing) {
  const n = number(KEYS)
  for (let i = 0; i < 16; i++) {
    const m = number(KEYS)
    check(m, await db.get(keyOf(m)))
  }
  await db.batch([[keyOf(n), valueOf(n, writing)]])
}

async function hashOf (db) {
  const hash = crypto.createHash('sha256')
  for (let n = 0; n < KEYS; n++) {
    const value = await db.get(keyOf(n))
    check(n, value)
    hash.update(value)
  }
  return hash.digest('hex')
}

async function same (name, directory, operations) {
  const number = numbers(7)
  let db = await open(name, directory)
  await fill(db)
  for (let i = 0; i < operations; i++) await work(db, number, i)
  await db.close()
  db = await open(name, directory)
  console.log('hash', await hashOf(db))
  await db.close()
}

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

/* Some thousand operations a second with pauses between: what a single operation takes can be seen, and the machine is not full. */
async function load (db, until) {
  const number = numbers(11)
  for (let i = 0; !until(); i++) {
    await work(db, number, i)
    if (i % 4 === 0) await pause(PAUSE_MS)
  }
}

/* The data, out of the memtable: opening again writes what the log holds to a file, and so it is read through the block cache. */
async function openFilled (name, directory) {
  const db = await open(name, directory)
  await fill(db)
  await db.close()
  return open(name, directory)
}

async function serve (name, directory, file) {
  let db = await openFilled(name, directory)
  console.log('serving')
  await load(db, () => fs.existsSync(file))
  const hash = await hashOf(db)
  await db.close()
  db = await open(name, directory)
  if (await hashOf(db) !== hash) fail('another content after closing and opening again')
  await db.close()
  console.log('verified')
}

async function exit (name, directory, status) {
  const db = await openFilled(name, directory)
  console.log('serving')
  process.stdin.once('data', () => {
    console.log('leaving')
    process.exit(status)
  })
  await load(db, () => false)
}

async function inWorker () {
  const { name, directory, close } = worker.workerData
  const db = await open(name, directory)
  await fill(db)
  worker.parentPort.postMessage('open')
  const end = Date.now() + 300
  await load(db, () => close && Date.now() > end)
  await db.close()
}

async function workers (name, directory, times) {
  for (let i = 0; i <= times; i++) {
    const close = i < times
    const w = new worker.Worker(__filename, { workerData: { name, directory, close } })
    const ended = new Promise((resolve, reject) => w.once('exit', resolve).once('error', reject))
    await new Promise(resolve => w.once('message', resolve))
    if (!close) await w.terminate()
    const code = await ended
    if (close && code !== 0) fail('a worker ended with ' + code)
  }
  const db = await open(name, directory)
  await hashOf(db)
  await db.close()
  console.log('verified')
}

/* Node's own TLS and cryptography, against itself, until the file is there; every answer is checked. */
async function secure (until) {
  const tls = { key: fs.readFileSync(process.env.TLS + '/key.pem'), cert: fs.readFileSync(process.env.TLS + '/cert.pem') }
  const server = https.createServer(tls, (request, response) => request.pipe(response))
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = { host: '127.0.0.1', port: server.address().port, method: 'POST', ca: tls.cert, agent: false }
  const ask = text => new Promise((resolve, reject) => {
    const request = https.request(address, response => {
      let body = ''
      response.on('data', part => { body += part }).on('end', () => resolve(body))
    })
    request.on('error', reject).end(text)
  })
  const pair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let requests = 0
  for (; !until(); requests++) {
    const text = 'request ' + requests
    if (await ask(text) !== text) fail('https')
    const signature = crypto.sign('sha256', Buffer.from(text), pair.privateKey)
    if (!crypto.verify('sha256', Buffer.from(text), pair.publicKey, signature)) fail('signature')
    const key = crypto.scryptSync(text, 'salt', 32, { N: 1024 })
    const cipher = crypto.createCipheriv('aes-256-gcm', key, Buffer.alloc(12))
    const sealed = cipher.update(text, 'utf8', 'hex') + cipher.final('hex')
    const opened = crypto.createDecipheriv('aes-256-gcm', key, Buffer.alloc(12)).setAuthTag(cipher.getAuthTag())
    if (opened.update(sealed, 'hex', 'utf8') + opened.final('utf8') !== text) fail('cipher')
    await pause(PAUSE_MS)
  }
  /* One that must fail: nobody has signed this one but itself, and it is not trusted now. */
  const refused = await new Promise(resolve => https.request({ ...address, ca: [] }, () => resolve(false)).on('error', () => resolve(true)).end())
  if (!refused) fail('a certificate that is not trusted was accepted')
  await new Promise(resolve => server.close(resolve))
  if (requests === 0) fail('no request was made')
  console.log('https requests', requests)
}

async function main () {
  const [habit, name, directory, argument] = process.argv.slice(2)
  if (!worker.isMainThread) await inWorker()
  else if (habit === 'same') await same(name, directory, Number(argument))
  else if (habit === 'serve') await serve(name, directory, argument)
  else if (habit === 'exit') await exit(name, directory, Number(argument))
  else if (habit === 'worker') await workers(name, directory, Number(argument))
  else if (habit === 'tls') await Promise.all([serve(name, directory, argument), secure(() => fs.existsSync(argument))])
  else fail('no such habit: ' + habit)
}

main().catch(e => fail(e.stack))
