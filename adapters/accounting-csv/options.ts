// Owns what a template may say.
// Must not know a product; a template for one is data that somebody keeps.
import { type DateFormat, dateFormats, documentPrefix, linesPerFile } from '../../core/plugin/index.ts'
import { type Field, fieldNames } from './fields.ts'

export interface Options {
  columns: { heading: string; field?: Field; text?: string }[]
  headings: boolean
  delimiter: string
  decimalMark: '.' | ','
  dateFormat: DateFormat
  encoding: 'utf-8' | 'utf-8-mark' | 'windows-1252'
  newline: 'crlf' | 'lf'
  linesPerFile: number
  documentPrefix: string
}

export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['columns'],
  properties: {
    columns: {
      type: 'array',
      title: 'Columns',
      description: 'In the order of the file; each shows a field, or always the same text.',
      minItems: 2,
      maxItems: 100,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['heading'],
        properties: {
          heading: { type: 'string', title: 'Heading', maxLength: 100 },
          field: { type: 'string', title: 'Field', enum: fieldNames },
          text: { type: 'string', title: 'Text', description: 'Instead of a field.', maxLength: 1_000 },
        },
        not: { required: ['field', 'text'] },
      },
    },
    headings: { type: 'boolean', title: 'Row of headings', default: true },
    delimiter: {
      type: 'string',
      title: 'Divider',
      description: 'What stands between cells.',
      enum: [',', ';', '\t', '|'],
      default: ',',
    },
    decimalMark: { type: 'string', title: 'Decimal mark', enum: ['.', ','], default: '.' },
    dateFormat: { type: 'string', title: 'Dates', enum: [...dateFormats], default: 'YYYY-MM-DD' },
    encoding: {
      type: 'string',
      title: 'Encoding',
      description: 'utf-8-mark is UTF-8 with the mark that Excel wants.',
      enum: ['utf-8', 'utf-8-mark', 'windows-1252'],
      default: 'utf-8',
    },
    newline: { type: 'string', title: 'Line ends', enum: ['crlf', 'lf'], default: 'crlf' },
    linesPerFile: linesPerFile(1_000_000, 1_000_000),
    documentPrefix,
  },
} as const
