// Owns the description of the plugin's own operations: files and their rejected lines, dry run, upload.
// Must not answer them.
import type { OpenApiFragment } from '../../../core/plugin/index.ts'
import { mappingSchema } from '../mapping/mapping-schema.ts'

const text = { type: 'string' } as const
const whole = { type: 'integer' } as const
const object = (properties: Record<string, object>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
})
const list = (items: object) => ({ type: 'array', items })
const maybe = (type: string) => ({ type: [type, 'null'] })
const answer = (schema: object, status = '200') => ({
  responses: {
    [status]: { description: 'The answer.', content: { 'application/json': { schema } } },
    default: {
      description: 'What was wrong (RFC 9457).',
      content: { 'application/problem+json': { schema: { type: 'object' } } },
    },
  },
})
const connection = {
  name: 'connectionId',
  in: 'query',
  description: 'Which connection is meant, where there are several.',
  schema: { type: 'string', format: 'uuid' },
} as const

const cellError = object({ column: maybe('string'), field: text, message: text })

export const fragment: OpenApiFragment = {
  paths: {
    '/fields': {
      get: {
        operationId: 'listFields',
        summary: 'The facts and fields that a mapping may fill',
        parameters: [connection],
        ...answer(object({ types: list({ type: 'object' }), fields: list({ type: 'object' }) })),
      },
    },
    '/files': {
      get: {
        operationId: 'listFiles',
        summary: 'Files that were taken, newest first, and those that wait',
        parameters: [connection],
        ...answer(
          object({
            waiting: list(object({ name: text, size: whole })),
            trouble: maybe('string'),
            items: list({ $ref: '#/components/schemas/TakenFile' }),
          }),
        ),
      },
      post: {
        operationId: 'uploadFile',
        summary: 'Upload a file',
        description: 'The body is the file. It is stored before the answer and taken soon after.',
        parameters: [connection, { name: 'name', in: 'query', required: true, schema: text }],
        requestBody: {
          required: true,
          content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
        },
        ...answer(object({ uploadId: text, size: whole }), '202'),
      },
    },
    '/files/{fileId}/rejected-lines': {
      get: {
        operationId: 'listRejectedLines',
        summary: 'The lines of a file that were not taken, and why',
        parameters: [
          connection,
          { name: 'fileId', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } },
        ],
        ...answer(
          object({ items: list(object({ line: whole, column: maybe('string'), field: text, message: text })) }),
        ),
      },
    },
    '/dry-run': {
      post: {
        operationId: 'dryRun',
        summary: 'Try a mapping on a sample without storing anything',
        description:
          'Of a sample (base64, at most 1 MB) or of the beginning of a waiting file. Without a mapping one is proposed and tried.',
        'x-scope': 'plugins:read',
        parameters: [connection],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: { sample: text, file: text, mapping: { $ref: '#/components/schemas/Mapping' } },
              },
            },
          },
        },
        ...answer(
          object({
            encoding: text,
            columns: list(object({ name: text, title: text, examples: list(text) })),
            proposal: { oneOf: [{ $ref: '#/components/schemas/Mapping' }, { type: 'null' }] },
            faults: list(object({ pointer: text, message: text })),
            missing: list(text),
            reason: maybe('string'),
            counts: object({ rows: whole, taken: whole, passedOver: whole, rejected: whole }),
            rows: list(
              object({ line: whole, cells: list(text), facts: list({ type: 'object' }), errors: list(cellError) }),
            ),
          }),
        ),
      },
    },
  },
  components: {
    schemas: {
      Mapping: mappingSchema as unknown as Record<string, unknown>,
      TakenFile: object({
        fileId: text,
        name: text,
        state: { type: 'string', enum: ['taking', 'done', 'refused'] },
        reason: maybe('string'),
        size: whole,
        read: whole,
        stored: whole,
        known: whole,
        passedOver: whole,
        rejected: whole,
        begunAt: { type: 'string', format: 'date-time' },
        endedAt: { type: ['string', 'null'], format: 'date-time' },
      }),
    },
  },
}
