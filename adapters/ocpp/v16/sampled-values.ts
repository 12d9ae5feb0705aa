// Owns the reading of OCPP 1.6 MeterValue lists into neutral samples.
// Must not convert units itself; meter-sample.ts does.
import type { OCPP16 } from 'typed-ocpp'
import type { DeviceTime, MeterSample } from '../../../core/plugin/index.ts'
import { deviceTime } from '../device-time.ts'
import type { Loose, Reading } from '../message.ts'
import { addReading, type Draft, draftFor, finishSample, neutralContext } from '../meter-sample.ts'

export function readSamples(
  list: readonly Loose<OCPP16.MeterValue>[] | undefined,
  reading: Reading,
  receivedAt: Date,
): MeterSample[] {
  const samples: MeterSample[] = []
  if (list === undefined) return samples
  for (const { timestamp, sampledValue } of list) {
    if (sampledValue === undefined || sampledValue.length === 0) {
      reading.note('M2')
      continue
    }
    const time: DeviceTime = deviceTime(timestamp, receivedAt, reading.profile.clockZone, reading)
    const drafts: Draft[] = []
    for (const { value, context, format, measurand, phase, location, unit } of sampledValue) {
      if (value === undefined || value === '') {
        reading.note('M2')
        continue
      }
      const into = draftFor(drafts, time, neutralContext(context))
      if (format === 'SignedData') {
        // Signed data goes on byte for byte: it is evidence, not a number.
        into.signed.push({ measurand: measurand ?? 'Energy.Active.Import.Register', data: value })
        continue
      }
      addReading(into, { text: value, measurand, phase, location, unit, multiplier: 0 }, reading)
    }
    for (const each of drafts) samples.push(finishSample(each, reading))
  }
  return samples
}
