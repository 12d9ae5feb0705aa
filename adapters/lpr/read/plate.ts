// Owns telling a plate from a camera's word for "there is none".
// Must not change what was read: dashes, case and blanks are the core's to normalise.

export type PlateText = { kind: 'plate'; plate: string } | { kind: 'none' } | { kind: 'too_long' }

/** ISAPI allows 32; the longest plate on a car has 13. */
const longest = 32
/** Words no plate office issues in these forms; a vendor may add its own. */
const noPlate: readonly string[] = ['noplate', 'no plate', 'unknown', 'no_plate', 'not recognized', '无车牌', '车牌']

export function plateText(given: string | undefined, moreWords: readonly string[] = []): PlateText {
  if (given === undefined || !/[\p{L}\p{N}]/u.test(given)) return { kind: 'none' }
  const lower = given.toLowerCase()
  if ([...noPlate, ...moreWords].some((word) => word.toLowerCase() === lower)) return { kind: 'none' }
  return [...given].length > longest ? { kind: 'too_long' } : { kind: 'plate', plate: given }
}
