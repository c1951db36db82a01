import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

// A Trino server made of the jars that Maven's registry has: neither the server's archive nor the plugins' are there.
// Two things the jars lack are written here: a launcher class and the plugin's service descriptor. It lies in a cache
// folder outside of the repository, one a version, and is complete once its marker file exists.

export const trinoVersion = '483'
const javaMajorMin = 25
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
const plugin = { artifact: 'trino-memory', folder: 'memory', main: 'io.trino.plugin.memory.MemoryPlugin' }

export interface TrinoHome {
  readonly folder: string
  readonly javaHome: string
}

/** What stands in the way of a Trino on this machine, as one sentence for the person at the keyboard. */
export class TrinoUnavailable extends Error {}

/** The assembled server, made now where the cache has none: about two minutes and 300 MB. */
export function ensureTrinoHome(environment: NodeJS.ProcessEnv, say: (line: string) => void): TrinoHome {
  const javaHome = findJavaHome(environment)
  const cache = environment.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const folder = join(cache, 'edr-lake', `trino-${trinoVersion}`)
  const marker = join(folder, 'complete')
  if (existsSync(marker)) return { folder, javaHome }
  say(`assembling Trino ${trinoVersion} in ${folder} (two minutes, once)`)
  const building = `${folder}.building-${process.pid}`
  rmSync(building, { recursive: true, force: true })
  try {
    copyJars('trino-main', join(building, 'lib'))
    copyJars(plugin.artifact, join(building, 'plugin', plugin.folder))
    completePlugin(join(building, 'plugin', plugin.folder), javaHome)
    compileLauncher(building, javaHome)
    writeFileSync(join(building, 'complete'), '')
    rmSync(folder, { recursive: true, force: true })
    renameSync(building, folder)
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
  return { folder, javaHome }
}

const jvmFolders = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines', '/opt/java']

function findJavaHome(environment: NodeJS.ProcessEnv): string {
  const installed = jvmFolders.flatMap(folder =>
    existsSync(folder)
      ? readdirSync(folder).flatMap(name => [join(folder, name), join(folder, name, 'Contents/Home')])
      : [],
  )
  const candidates = [...(environment.JAVA_HOME === undefined ? [] : [environment.JAVA_HOME]), ...installed]
  const found = candidates.find(home => javaMajor(home) >= javaMajorMin)
  if (found !== undefined) return found
  throw new TrinoUnavailable(`a JDK of version ${javaMajorMin} or later is needed: install one and set JAVA_HOME to it`)
}

/** 25 for `openjdk version "25.0.1"`; 0 where there is no compiler, thus no JDK. */
function javaMajor(home: string): number {
  if (!existsSync(join(home, 'bin', 'javac'))) return 0
  const { stderr } = spawnSync(join(home, 'bin', 'java'), ['-version'], { encoding: 'utf8' })
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
}

function copyJars(artifact: string, target: string): void {
  const work = mkdtempSync(join(tmpdir(), 'edr-lake-trino-'))
  try {
    writeFileSync(join(work, 'pom.xml'), projectOf(artifact))
    const args = [
      '-q',
      '-B',
      '-f',
      join(work, 'pom.xml'),
      copyGoal,
      '-DincludeScope=runtime',
      `-DoutputDirectory=${target}`,
    ]
    const { error, status, stdout } = spawnSync('mvn', args, { encoding: 'utf8' })
    if (error !== undefined) throw new TrinoUnavailable(`Maven is needed to fetch Trino's jars: ${error.message}`)
    if (status !== 0) {
      const reason = stdout.split('\n').find(line => line.startsWith('[ERROR]')) ?? `mvn ended with ${status}`
      throw new TrinoUnavailable(`Maven could not fetch ${artifact} ${trinoVersion}: ${reason}`)
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** A project whose only purpose is to depend on `artifact`, with the versions Trino's own root project fixes. */
function projectOf(artifact: string): string {
  const coordinates = (name: string) =>
    `<groupId>io.trino</groupId><artifactId>${name}</artifactId><version>${trinoVersion}</version>`
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>edr-lake</groupId><artifactId>jars-of-${artifact}</artifactId><version>1</version><packaging>pom</packaging>
  <dependencyManagement><dependencies>
    <dependency>${coordinates('trino-root')}<type>pom</type><scope>import</scope></dependency>
  </dependencies></dependencyManagement>
  <dependencies><dependency>${coordinates(artifact)}</dependency></dependencies>
</project>
`
}

/** The descriptor by which a plugin is found; and no second copy of the interface it implements. */
function completePlugin(folder: string, javaHome: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('trino-spi-')) rmSync(join(folder, name))
  const services = join(folder, 'META-INF', 'services')
  mkdirSync(services, { recursive: true })
  writeFileSync(join(services, 'io.trino.spi.Plugin'), `${plugin.main}\n`)
  execFileSync(join(javaHome, 'bin', 'jar'), ['cf', join(folder, 'services.jar'), '-C', folder, 'META-INF'])
  rmSync(join(folder, 'META-INF'), { recursive: true })
}

function compileLauncher(folder: string, javaHome: string): void {
  const target = join(folder, 'main')
  mkdirSync(target, { recursive: true })
  const source = join(target, 'StartTrino.java')
  const body = `new io.trino.server.Server().start("${trinoVersion}");`
  writeFileSync(source, `public final class StartTrino { public static void main(String[] args) { ${body} } }\n`)
  execFileSync(join(javaHome, 'bin', 'javac'), ['-cp', join(folder, 'lib', '*'), '-d', target, source])
}
