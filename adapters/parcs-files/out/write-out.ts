// Owns carrying out an action by a file: written whole under a name of the action's own, done when written or when acknowledged.
// Must not write an acknowledged file twice: what nobody has answered is asked after, by looking for the answer.
import type { ActionOutcome, OutcomeInquiry, ParcsLink, ParkingAction } from '../../../core/plugin/index.ts'
import type { FileSource } from '../source/file-source.ts'
import { encoded, makeFile, type OutgoingAction } from './make-file.ts'
import { type OutConfig, outActions } from './out-config.ts'

export interface OutDeps {
  out: OutConfig
  zone: string
  open(signal: AbortSignal): Promise<FileSource>
}

export function writeOut({ out, zone, open }: OutDeps): Pick<ParcsLink, 'actions' | 'act' | 'askOutcome'> {
  if (out.template === 'none') return {}
  const nameOf = ({ id }: ParkingAction) => `${out.prefix}${id}.csv`
  const isOurs = (action: ParkingAction): action is OutgoingAction =>
    (outActions as readonly string[]).includes(action.kind) && (out.actions as readonly string[]).includes(action.kind)

  /** Null while the vendor has said nothing. */
  async function answer(place: FileSource, name: string): Promise<ActionOutcome | null> {
    const no = await place.peek(out.folder, `${name}${out.errorSuffix}`)
    if (no) {
      const [line = ''] = Buffer.from(no)
        .toString('utf8')
        .replaceAll(/[^\P{Cc}\n]/gu, ' ')
        .trim()
        .split('\n', 1)
      return { kind: 'refused', reason: line.slice(0, 200) || 'The parking system refused the file.' }
    }
    return (await place.peek(out.folder, `${name}${out.doneSuffix}`)) ? { kind: 'done', reference: name } : null
  }

  const act = async (action: ParkingAction, signal: AbortSignal): Promise<ActionOutcome> => {
    if (!isOurs(action)) return { kind: 'refused', reason: 'This is not written into files here.' }
    const made = makeFile(action, out, zone)
    if (made.kind === 'refused') return made
    let place: FileSource
    try {
      place = await open(signal)
    } catch (error) {
      return {
        kind: 'later',
        reason: error instanceof Error ? error.message : 'The place for files cannot be reached.',
      }
    }
    try {
      const name = nameOf(action)
      const said = out.acknowledged ? await answer(place, name) : null
      if (said) return said
      await place.write(out.folder, name, encoded(made.text, out.encoding))
      return out.acknowledged
        ? { kind: 'unknown', reason: 'The file is written; the parking system has not answered yet.' }
        : { kind: 'done', reference: name }
    } finally {
      await place.close()
    }
  }

  return {
    // The same name with the same content is the same file; once it is answered for, it must not appear again.
    actions: Object.fromEntries(out.actions.map((kind) => [kind, { repeatable: !out.acknowledged }])),
    act,
    ...(out.acknowledged
      ? {
          async askOutcome(action: ParkingAction, signal: AbortSignal): Promise<OutcomeInquiry> {
            const place = await open(signal)
            try {
              return (
                (await answer(place, nameOf(action))) ?? {
                  kind: 'unknown',
                  reason: 'The parking system has not answered the file yet.',
                }
              )
            } finally {
              await place.close()
            }
          },
        }
      : {}),
  }
}
