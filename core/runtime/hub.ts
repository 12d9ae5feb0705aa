// Owns the composition of one hub process: every part made, joined and started in order, and stopped in the reverse one.
// Must not contain rules; it is the only place where all parts are known.
import { randomBytes, randomFillSync } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { memoryBus } from '../bus/memory.ts'
import type { Clock } from '../domain/clock.ts'
import { HubError } from '../domain/hub-error.ts'
import type { Log } from '../domain/log.ts'
import { tickTimers } from '../events/run-timers.ts'
import { readEvents, tailEvents } from '../events/stream.ts'
import { withDeadline } from '../host/deadline.ts'
import { createHost, type Host } from '../host/host.ts'
import { offeredFormats } from '../host/offered-formats.ts'
import type { ChargerPorts } from '../http/api-ports.ts'
import { createApp } from '../http/app.ts'
import { carriesFile } from '../http/file-body.ts'
import { type HttpServer, startServer } from '../http/server.ts'
import type { AnyPlugin } from '../plugin/index.ts'
import type { AuthoriseIntercept } from '../services/access/access-question.ts'
import { weighAccess } from '../services/access/authorise.ts'
import { evaluateBill } from '../services/billing/evaluate-bill.ts'
import { type CertificateDeps, defaultCertificateSettings } from '../services/certificates/certificate-deps.ts'
import { revealSecret } from '../services/certificates/reveal-secret.ts'
import { signInquiry } from '../services/certificates/sign-inquiry.ts'
import { watchCertificates } from '../services/certificates/watch-certificates.ts'
import { defaultChargerSettings } from '../services/charger/charger-deps.ts'
import { chargerGateway } from '../services/charger/charger-gateway.ts'
import { energyInquiries } from '../services/charger/energy-inquiries.ts'
import { refusingInquiries } from '../services/charger/inquiry-handlers.ts'
import { paymentInquiries } from '../services/charger/payment-inquiries.ts'
import { authoriseTerminal } from '../services/charger/terminal-token.ts'
import { authoriseContract } from '../services/contracts/authorise-contract.ts'
import { type ProviderDeps, providerInquiries } from '../services/contracts/provider-inquiries.ts'
import { sweepDesired } from '../services/desired/desired-changed.ts'
import { cleanFiles } from '../services/files/clean-files.ts'
import type { FilePorts } from '../services/files/file-deps.ts'
import { ensureFirstKey } from '../services/keys/ensure-first-key.ts'
import { evaluateLinks } from '../services/linking/evaluate-links.ts'
import { learnConfusions } from '../services/linking/learn-confusions.ts'
import { pruneLinkIndex } from '../services/linking/prune-link-index.ts'
import { sweepLoad } from '../services/load/guard-load.ts'
import { forgetOldAnswers } from '../services/manage/answer-once.ts'
import { ageOutStays } from '../services/occupancy/presume-left.ts'
import { pruneParkingActions, sweepParkingActions } from '../services/parking-actions/connection-started.ts'
import { watchStations } from '../services/readers/watch-stations.ts'
import { remembered } from '../services/remembered.ts'
import { forgetHolds } from '../store/access-holds.ts'
import { releaseStationsOf } from '../store/charger-state.ts'
import { loadCardProfiles } from '../store/decode-profiles.ts'
import { diskFiles } from '../store/disk-files.ts'
import { groupCommit } from '../store/group-commit.ts'
import { forgetHandled } from '../store/handled-events.ts'
import { runWorker } from '../store/job-worker.ts'
import { countJobs } from '../store/jobs.ts'
import { linkCounts } from '../store/link-reviews.ts'
import { createPartitions, dropPartitions } from '../store/partitions.ts'
import { pruneBulkNotices } from '../store/prune-notices.ts'
import { billingHooks } from './billing-hooks.ts'
import type { HubConfig } from './config.ts'
import { openHubKeys } from './hub-keys.ts'
import { hubMetrics } from './hub-metrics.ts'
import { inTreeFolders, inTreePlugins } from './in-tree-plugins.ts'
import { jobTasks } from './job-tasks.ts'
import { openDatabase } from './open-database.ts'
import { parkingActionsPart } from './parking-actions.ts'
import { parkingPorts } from './parking-ports.ts'
import { paymentPort } from './payment-port.ts'
import { systemNewId, systemRandom, systemRequestId } from './random.ts'
import { readPinned } from './read-pinned.ts'
import { openReaders } from './readers.ts'
import { readiness } from './readiness.ts'
import { repeat } from './repeat.ts'
import { secretBox } from './secret-box.ts'
import { systemClock } from './system-clock.ts'
import { readTls, tlsRenewal } from './tls-files.ts'
import { untilIdle } from './until-idle.ts'
import { hubVersion } from './version.ts'

export interface StartHubOptions {
  config: HubConfig
  log: Log
  /** The hub's clock; the demo moves its own. Pauses, deadlines and keys always go by real time. */
  clock?: Clock
  plugins?: readonly AnyPlugin[]
  rootKey?: string | undefined
}

export interface Hub {
  url: string
  port: number
  organizationId: string
  /** The first key, when this start made it. */
  firstKey: string | null
  host: Host
  /** Resolves when no job runs, waits or settles and nothing is due: what the demo and tests wait for. */
  idle(): Promise<void>
  stop(): Promise<void>
}

const everySecond = 1_000
const loadEveryMs = 2_000
const seenEveryMs = 30_000
const readersSeenEveryMs = 10_000
const sweepEveryMs = 60_000
const houseEveryMs = 3_600_000
const dayMs = 86_400_000
/** A station waits for its answer meanwhile. */
const providerMs = 5_000
/** Deliveries are tried for about a day and a half; the marks against doubles outlive them. */
const keepMarksDays = 30
const megabyte = 1_000_000

export async function startHub(options: StartHubOptions): Promise<Hub> {
  const { config, log } = options
  const clock = options.clock ?? systemClock
  const newId = systemNewId
  const realNow = () => systemClock.now()
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) {
      await each().catch((error: unknown) => log.warn({ err: error }, 'a part of the hub did not stop cleanly'))
    }
  }
  try {
    const keys = openHubKeys(config.dataDir, options.rootKey)
    const database = await openDatabase(config, { log, version: hubVersion, now: () => clock.now(), realNow })
    stops.push(database.close)
    const { db, ownerPool } = database
    const service = { db, clock, newId, log }
    const fill = (into: Uint8Array) => {
      randomFillSync(into)
    }
    const first = await ensureFirstKey({ ...service, entropy: fill, now: realNow })({
      organizationName: 'My organization',
      given: config.adminKey ?? undefined,
    })

    const scheme = config.tls === null ? 'http' : 'https'
    const publicUrl = config.publicUrl ?? `${scheme}://${config.host}:${config.port}`
    const files: FilePorts = {
      disk: diskFiles(join(config.dataDir, 'files'), newId),
      sign: keys.signLink,
      settings: {
        publicUrl,
        fileLimitBytes: config.fileLimitMb * megabyte,
        uploadLimitBytes: config.uploadLimitMb * megabyte,
        logRetentionDays: config.logRetentionDays,
      },
    }

    const bus = memoryBus((error) => log.warn({ err: error }, 'a wake-up was not handled'))
    const commits = groupCommit({ pool: database.writePool, clock: systemClock, log })
    stops.push(() => commits.close())

    // The host is made after the services that ask it; they meet through these.
    let host: Host | undefined
    const intercept: Host['runIntercept'] = async (point, ask, of) => {
      if (host === undefined) throw new HubError('starting', 'The hub is starting.', { status: 503 })
      return host.runIntercept(point, ask, of)
    }

    const askAuthorise: AuthoriseIntercept = async (ask) => {
      const of = { organizationId: first.organizationId, siteId: ask.siteId }
      return (await intercept('authorise', ask, of)).answer
    }
    // The gateway is made with these, and they wake it.
    let wake = (_stationId: string): void => undefined
    const certificates: CertificateDeps = {
      ...service,
      box: secretBox(keys.authorityKey),
      entropy: fill,
      publicUrl,
      wake: (stationId) => wake(stationId),
      settings: { ...defaultCertificateSettings, renewDays: config.certificateRenewDays },
    }
    const contracts: ProviderDeps = {
      provider: (organizationId) => host?.capability('certificates', { organizationId })[0]?.implementation,
      within: (call) => withDeadline({ pace: systemClock, ms: providerMs, what: 'the certificate provider' }, call),
      log,
    }
    const profiles = remembered(service, (organizationId) => loadCardProfiles(db, organizationId))
    const stationWatch = watchStations(service)
    stops.push(() => stationWatch.settled())
    const weigh = weighAccess({ db, intercept: askAuthorise, profiles })
    await releaseStationsOf(database.pool, hostname(), clock.now())
    const nodeId = `${hostname()}:${process.pid}`
    const gateway = chargerGateway({
      ...service,
      pool: database.writePool,
      groupCommit: commits,
      authorise: authoriseContract(
        contracts,
        authoriseTerminal(database.writePool, async ({ contract: _, ...question }) => {
          stationWatch.shown(question)
          return (await weigh({ ...question, place: 'charger' })).authorization
        }),
      ),
      hashSecret: keys.hashStationSecret,
      nodeId,
      inquiries: {
        ...refusingInquiries,
        ...providerInquiries(contracts),
        ...energyInquiries(service),
        ...paymentInquiries(service),
        'certificate.sign': signInquiry(certificates),
      },
      reveal: revealSecret(certificates),
      settings: {
        ...defaultChargerSettings,
        unknownStations: config.unknownStations,
        defaultOrganizationId: first.organizationId,
      },
    })
    stops.push(() => gateway.close())
    wake = (stationId) => gateway.wake(stationId)

    const gateDeps = {
      ...service,
      intercept: askAuthorise,
      profiles,
      deadline: (ms: number) => sleep(ms, undefined, { ref: false }),
    }
    const readers = openReaders({ ...gateDeps, disk: files.disk, keepDays: config.readRetentionDays })
    stops.push(() => readers.settled())
    host = createHost({
      db,
      owner: { connection: { connectionString: database.ownerUrl }, pool: ownerPool },
      clock,
      pace: systemClock,
      newId,
      log,
      random: systemRandom,
      entropy: (bytes) => new Uint8Array(randomBytes(bytes)),
      secretKey: keys.connectionKey,
      hubVersion,
      plugins: options.plugins ?? inTreePlugins,
      folders: inTreeFolders,
      ports: {
        charger: gateway.port,
        ...parkingPorts(gateDeps),
        reader: readers.door,
        payment: paymentPort(service),
      },
      bus: {
        publish: (topic, hint) => bus.publish(topic, hint),
        subscribe: (topic, wake) => bus.subscribe(topic, wake),
      },
    })
    const running = host
    const engine = (name: string) => running.capability('tariff', { pluginId: name })[0]?.implementation ?? null
    const bills = evaluateBill({
      ...service,
      engine,
      hooks: billingHooks(running),
    })
    const rematching = { ...service, quietly: gateway.quietly }
    const links = evaluateLinks({
      ...rematching,
      listening: (of) => running.hasInterceptors('link', of),
      hold: async (ask, of) => {
        const { answer } = await running.runIntercept('link', ask, of)
        return answer.kind === 'hold' ? answer.reason : null
      },
    })
    const veto: ChargerPorts['veto'] = async (ask) => {
      const { answer } = await running.runIntercept('command', ask, {
        organizationId: first.organizationId,
        siteId: ask.siteId,
      })
      return answer.kind === 'veto' ? answer.reason : null
    }
    const campaigns = {
      ...service,
      files,
      veto,
      wake: (stationId: string) => gateway.wake(stationId),
      newRequestId: systemRequestId,
    }
    const parking = parkingActionsPart(service, host)
    stops.push(() => parking.stop())
    const revoking = {
      ...service,
      door: parking.door,
      wake: (stationId: string) => gateway.wake(stationId),
      stallAfterMs: config.revocationStallSeconds * 1000,
    }
    const payments = { ...service, paymentDoors: (connectionId?: string) => running.payments(connectionId) }
    const load = { ...service, nodeId, wake: (stationId: string) => gateway.wake(stationId) }
    const tasks = {
      ...host.tasks,
      ...jobTasks({
        service,
        payments,
        load,
        certificates,
        campaigns,
        rematching,
        gateway,
        bills,
        links,
        parking: revoking,
        costs: { ...service, engine, veto, wake: (stationId: string) => gateway.wake(stationId) },
        formats: offeredFormats(running),
      }),
    }

    await host.start()
    let serving: HttpServer | undefined
    const closing = new AbortController()
    stops.push(async () => {
      // Event streams end, no new caller gets in, chargers are let go; then requests under way may finish.
      closing.abort()
      const closed = serving?.close()
      await running.stop()
      await closed
    })
    if (config.pinnedFile !== null) await host.pin(readPinned(config.pinnedFile))
    await host.settled()
    const worker = await runWorker({ ownerPool, tasks, concurrency: 4, log })
    stops.push(() => worker.stop())
    const timers = tickTimers({ db, clock, pace: systemClock, log })
    stops.push(() => timers.stop())
    for (const [ms, run] of [
      [everySecond, () => gateway.sweep()],
      [loadEveryMs, sweepLoad(load)],
      [seenEveryMs, () => gateway.writeSeen()],
      [readersSeenEveryMs, () => readers.writeSeen()],
      [sweepEveryMs, () => sweepDesired(service)()],
      [sweepEveryMs, () => parking.look().then(sweepParkingActions(service))],
      [houseEveryMs, () => keepHouse()],
    ] as const) {
      stops.push(repeat(ms, run, log))
    }
    const watch = watchCertificates(certificates)
    const renewTls = config.tls === null ? null : tlsRenewal(config.tls, log)
    const keepHouse = async () => {
      renewTls?.(serving)
      await watch()
      await createPartitions(ownerPool, clock.now())
      await forgetHandled(db, keepMarksDays)
      await forgetOldAnswers({ db, now: realNow })()
      await forgetHolds(db, clock.now())
      await learnConfusions(service)({ organizationId: first.organizationId })
      await pruneLinkIndex(service)({ organizationId: first.organizationId })
      await readers.forgetOld()
      await ageOutStays(service)({ organizationId: first.organizationId })
      await pruneParkingActions(service)()
      await cleanFiles({ ...service, files, realNow })()
      await pruneBulkNotices(db, { keepDays: config.messageRetentionDays, now: clock.now() })
      const retention = {
        station_message: config.messageRetentionDays,
        meter_value: config.meterRetentionDays,
      } as const
      for (const [table, days] of Object.entries(retention)) {
        if (days > 0)
          await dropPartitions(ownerPool, { table: table as keyof typeof retention, keepDays: days, now: clock.now() })
      }
    }

    const registry = new Registry()
    hubMetrics(registry, {
      commits: () => commits.stats,
      connected: () => gateway.connected(),
      jobs: () => countJobs(ownerPool),
      links: () => linkCounts(db, new Date(clock.now().getTime() - dayMs)),
    })
    const app = createApp({
      service,
      ports: {
        certificates,
        chargers: {
          wake: (stationId) => gateway.wake(stationId),
          refresh: (stationId) => gateway.refresh(stationId),
          veto,
          hashSecret: keys.hashStationSecret,
        },
        events: {
          read: (query) => readEvents(db, query),
          tail: (query) => tailEvents({ ...query, db, pollMs: 500 }),
        },
        files,
        host: running,
        service: {
          readiness: readiness(database),
          metrics: registry,
        },
      },
      settings: {
        publicUrl,
        corsOrigins: config.corsOrigins,
        ...(config.oidc === null ? {} : { oidc: { ...config.oidc, organizationId: first.organizationId } }),
      },
      secret: keys.sessionKey,
      entropy: fill,
      now: realNow,
      version: hubVersion,
      closing: closing.signal,
      registry,
    })
    const server = await startServer({
      app,
      host: config.host,
      port: config.port,
      handleUpgrade: running.handleUpgrade,
      carriesFile,
      pace: systemClock,
      log,
      trust: config.trust,
      ...(config.tls === null ? {} : { tls: readTls(config.tls) }),
    })
    serving = server
    return {
      url: `${scheme}://${config.host}:${server.port}`,
      port: server.port,
      organizationId: first.organizationId,
      firstKey: first.key,
      host: running,
      idle: () => untilIdle(ownerPool, clock),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
