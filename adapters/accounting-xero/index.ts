// Owns the plugin with the manual journals of Xero.
// Must not read anything but what it is handed: a format is a function of a closed period.
import { accountingPlugin } from '../../core/plugin/index.ts'
import { xeroCsv } from './xero-csv.ts'

export default accountingPlugin({
  id: 'accounting-xero',
  title: 'Xero files',
  version: '1.0.0',
  hub: '^0.1',
  formats: [xeroCsv],
})
