// Owns the operations that bring lists of people in and out.
// Must not hold rules; core/services/imports does.
import { peopleColumns } from '../../domain/imports/people-columns.ts'
import { exportPeople } from '../../services/imports/export-people.ts'
import { getImport, startImport } from '../../services/imports/import-people.ts'
import { csvStream } from '../csv.ts'
import type { Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { made, shown } from '../replies.ts'

type Ids = 'createPeopleImport' | 'getPeopleImport' | 'exportPeople'

export const imports: Part<Ids> = {
  createPeopleImport: async ({ body }, { deps, access }) =>
    made(await startImport(deps)(access, body), (one) => `/people-imports/${one.importId}`),
  getPeopleImport: async ({ path }, { deps, access }) => shown(await getImport(deps)(access, path.importId)),
  async exportPeople(_call, { deps, access }) {
    const pages = exportPeople(deps)(access)
    return pages.kind === 'ok' ? csvStream('people.csv', peopleColumns, () => pages.value) : refused(pages)
  },
}
