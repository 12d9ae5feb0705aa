// Owns what of a decode profile cannot be, beyond what its schema says.
// Must not apply it.
import { type DecodeProfile, wiegandLayouts } from '../../domain/credential/index.ts'
import { invalid, type Refusal } from '../manage/outcome.ts'

export function brokenProfile(profile: DecodeProfile | null | undefined, pointer: string): Refusal | undefined {
  if (profile == null) return undefined
  const { wiegandFormat, wiegandCarries, alphabet, width } = profile
  if (wiegandFormat !== undefined && !wiegandLayouts.some(({ format }) => format === wiegandFormat))
    return invalid(`${pointer}/wiegandFormat`, 'is no Wiegand format that is known')
  if (wiegandFormat === undefined && wiegandCarries !== undefined)
    return invalid(`${pointer}/wiegandCarries`, 'needs a wiegandFormat')
  if (alphabet === 'facilityCard' && width !== undefined && width !== 3 && width !== 4)
    return invalid(`${pointer}/width`, 'is 3 or 4 bytes for a facility and a card number')
  return undefined
}
