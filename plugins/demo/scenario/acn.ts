// Owns the reading of the garage's real data into typed rows.
// Must not change a number: energy is the file's kWh as integer Wh, times are the file's.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One real plug-in. Times are rounded to 5 minutes in the source. */
export interface AcnSession {
  id: string
  stationId: string
  arrival: Date
  departure: Date
  energyWh: number
}

export interface AcnStation {
  id: string
  /** The two lines of the 208 V delta that it hangs on. */
  phases: string
  pod: string | null
}

interface AcnMonth {
  sessions: readonly AcnSession[]
  stations: readonly AcnStation[]
}

function rows(text: string): Record<string, string>[] {
  const [head = '', ...lines] = text.trim().split(/\r?\n/)
  const names = head.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']))
  })
}

/** "4.216" is 4216: moves the point in the text, so no fraction is ever rounded. */
function wattHours(kwh: string): number {
  const [whole = '', fraction = ''] = kwh.split('.')
  const value = Number(`${whole}${fraction.padEnd(3, '0')}`)
  if (fraction.length > 3 || !Number.isSafeInteger(value)) throw new RangeError(`not kilowatt-hours: ${kwh}`)
  return value
}

function parseSessions(csv: string): AcnSession[] {
  return rows(csv).map((row) => ({
    id: row.session ?? '',
    stationId: row.station_id ?? '',
    arrival: new Date(row.arrival_utc ?? ''),
    departure: new Date(row.departure_utc ?? ''),
    energyWh: wattHours(row.kwh ?? ''),
  }))
}

function parseStations(csv: string): AcnStation[] {
  return rows(csv).map((row) => ({ id: row.station_id ?? '', phases: row.phase_pair ?? '', pod: row.pod || null }))
}

const file = (name: string) => readFileSync(fileURLToPath(new URL(`../data/${name}`, import.meta.url)), 'utf8')

/** March 2019 in the Caltech garage: 954 sessions at 54 stations, 8,900.523 kWh (see data/README.md). */
export function loadAcnMonth(): AcnMonth {
  return {
    sessions: parseSessions(file('acn_caltech_2019-03.csv')),
    stations: parseStations(file('acn_caltech_stations.csv')),
  }
}
