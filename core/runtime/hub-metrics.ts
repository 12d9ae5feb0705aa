// Owns the gauges and counters of the hub's own parts, in Prometheus form.
// Must not measure HTTP requests; core/http does.
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import type { GroupCommitStats } from '../store/group-commit.ts'
import type { JobCounts } from '../store/jobs.ts'
import type { LinkCounts } from '../store/link-reviews.ts'

export interface MetricSources {
  commits(): GroupCommitStats
  connected(): number
  jobs(): Promise<JobCounts>
  links(): Promise<LinkCounts>
}

export function hubMetrics(registry: Registry, sources: MetricSources): void {
  collectDefaultMetrics({ register: registry, prefix: 'baywatt_' })
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name: `baywatt_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set(await read())
      },
    })
  gauge('stations_connected', 'Chargers with an open socket on this node', sources.connected)
  for (const [key, help] of [
    ['queuedUnits', 'Units of work waiting for a commit'],
    ['queuedRows', 'Rows waiting for a commit'],
    ['flushes', 'Shared commits since the start'],
    ['committed', 'Units stored since the start'],
    ['fenced', 'Units refused because a newer connection holds the station'],
    ['rejected', 'Units refused because of their content or an overload'],
    ['retries', 'Commits run again after a conflict or a lost connection'],
  ] as const) {
    gauge(`group_commit_${key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}`, help, () => sources.commits()[key])
  }
  new Gauge({
    name: 'baywatt_jobs',
    help: 'Jobs by what they are doing',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      for (const [state, count] of Object.entries(await sources.jobs())) this.set({ state }, count)
    },
  })
  const made = new Gauge({
    name: 'baywatt_links_made_day',
    help: 'Links made within the last 24 hours, by method and by who made them',
    labelNames: ['method', 'by'],
    registers: [registry],
  })
  const undone = new Gauge({
    name: 'baywatt_links_undone_day',
    help: 'Links that a person took apart within the last 24 hours, by method',
    labelNames: ['method'],
    registers: [registry],
  })
  new Gauge({
    name: 'baywatt_links_waiting',
    help: 'Sessions whose link waits for a person',
    registers: [registry],
    // One look for all three.
    async collect() {
      const counts = await sources.links()
      this.set(counts.waiting)
      made.reset()
      undone.reset()
      for (const { method, by, count } of counts.made) made.set({ method, by }, count)
      for (const { method, count } of counts.undone) undone.set({ method }, count)
    },
  })
}
