// Owns the energy of a transaction whose station set its clock back while the car charged: the register orders its readings, not the time.
// Must not add energy on the register's word alone: the times themselves have to show that the clock went back, once.
import {
  compareReadings,
  fits,
  type RegisterReading,
  type RegisterRule,
  type SummedReadings,
  slackMs,
} from './register-energy.ts'

/** A transaction that told both its registers. The station knows which came first whatever its clock shows. */
export interface MeteredRun {
  from: Date
  to: Date
  beginWh: number
  endWh: number
}

export interface SetBackSum extends SummedReadings {
  /** As the register orders them. */
  readings: RegisterReading[]
}

/**
 * Null unless all of this holds: time order lost energy that the register has from begin to end; no reading lies outside the two;
 * and in the order of the register time runs forward at a power that the EVSE can deliver, but for one step back.
 * A register that jumped takes its time with it, and one that began anew counts less than time order does, so both are left alone.
 * @param all readings of the transaction in any order, those behind its end among them: they may be from before the clock was set
 * @param inTime what time order makes of them
 */
export function sumOverSetBackClock(
  all: readonly RegisterReading[],
  inTime: SummedReadings,
  maxPowerW: number,
  run: MeteredRun,
  rule?: RegisterRule,
): SetBackSum | null {
  const energyWh = run.endWh - run.beginWh
  if (inTime.state.energyWh >= energyWh) return null
  if (rule !== undefined && rule.kind !== 'lifetime') return null
  const readings = byRegister(
    all.filter((r) => r.at <= run.to || r.wh <= run.endWh),
    run.from,
  )
  if (readings[0]?.wh !== run.beginWh || readings.at(-1)?.wh !== run.endWh) return null
  if (readings.some((r) => r.ifKwhWh !== undefined) || !showSetBack(readings, maxPowerW)) return null
  const base = { at: run.to, wh: run.endWh }
  return {
    state: { energyWh, base, doubtful: null, flags: ['clock_set_back'] },
    points: pointsInTime(readings, run),
    readings,
  }
}

/** Readings of one register are as many views of the same moment: those ahead of the last time come before those behind it. */
function byRegister(readings: readonly RegisterReading[], from: Date): RegisterReading[] {
  const sorted = [...readings].sort((a, b) => a.wh - b.wh || compareReadings(a, b))
  const ordered: RegisterReading[] = []
  let now = from
  const byValue = new Map<number, RegisterReading[]>()
  for (const r of sorted) {
    const group = byValue.get(r.wh)
    if (group === undefined) byValue.set(r.wh, [r])
    else group.push(r)
  }
  for (const group of byValue.values()) {
    ordered.push(...group.filter((r) => r.at >= now), ...group.filter((r) => r.at < now))
    now = ordered.at(-1)?.at ?? now
  }
  return ordered
}

function showSetBack(readings: readonly RegisterReading[], maxPowerW: number): boolean {
  const steps = readings.slice(1).map((to, i) => ({ from: readings[i] as RegisterReading, to }))
  const ms = ({ from, to }: (typeof steps)[number]) => to.at.getTime() - from.at.getTime()
  const back = steps.filter((step) => ms(step) < -slackMs)
  const [setBack] = back
  if (setBack === undefined || back.length > 1) return false
  // How long the step over it took nobody knows: no longer than the station ever was silent.
  const silent = Math.max(...steps.map(ms))
  const { from, to } = setBack
  const within = { ...to, at: new Date(from.at.getTime() + silent) }
  return steps.every((step) => fits(step.from, step === setBack ? within : step.to, maxPowerW))
}

/** Each step lies where its station's clock stood; what the doubled hour shows twice adds up. */
function pointsInTime(
  readings: readonly RegisterReading[],
  { from, to, beginWh }: MeteredRun,
): SummedReadings['points'] {
  const within = (at: Date) => (at < from ? from : at > to ? to : at)
  const steps = readings
    .map((r, i) => ({ at: within(r.at), wh: r.wh - (readings[i - 1]?.wh ?? beginWh) }))
    .sort((a, b) => a.at.getTime() - b.at.getTime())
  let energyWh = 0
  return steps.map(({ at, wh }) => {
    energyWh += wh
    return { at, energyWh }
  })
}
