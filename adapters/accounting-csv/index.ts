// Owns the plugin with the journal whose columns are chosen as data.
// Must not read anything but what it is handed: a format is a function of a closed period.
import { accountingPlugin } from '../../core/plugin/index.ts'
import { csvTemplate } from './csv-template.ts'

export default accountingPlugin({
  id: 'accounting-csv',
  title: 'Journals as CSV',
  version: '1.0.0',
  hub: '^0.1',
  formats: [csvTemplate],
})
