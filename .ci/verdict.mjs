// Owns reading what the tests reported: which files are worth a second look, and the last line of a run.
// Must not run anything.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

/** More than this is no bad moment of the machine. */
const mostFiles = 5

const [what, ...paths] = process.argv.slice(2)
const [first, second] = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')))
const failedFiles = first.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name)

if (what === 'again') {
  if (failedFiles.length <= mostFiles) console.log(failedFiles.map((name) => relative('.', name)).join('\n'))
} else {
  const again = new Map((second?.testResults ?? []).map((file) => [file.name, file]))
  let passed = 0
  let failed = 0
  for (const file of first.testResults) {
    const counted = again.get(file.name) ?? file
    const of = (status) => counted.assertionResults.filter((test) => test.status === status).length
    passed += of('passed')
    // A file that could not be read has no tests, and failed all the same.
    failed += Math.max(of('failed'), counted.status === 'failed' ? 1 : 0)
    if (counted === file) continue
    for (const test of file.assertionResults) {
      if (test.status === 'failed') console.log(`failed at first: ${relative('.', file.name)} > ${test.fullName}`)
    }
  }
  // What broke outside of all tests counts as well, and is not looked at again.
  if (failed === 0 && !(second ?? first).success) failed = 1
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
