// Tells the demo on the terminal: numbered steps with their times, commands as typed, their output indented.
import { styleText } from 'node:util'

export interface StepTime {
  readonly title: string
  readonly seconds: number
}

export class Narrator {
  readonly times: StepTime[] = []
  readonly #started = performance.now()

  /** Runs one step of the story under its title, and notes how long it took. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    this.say('')
    this.say(paint('bold', `${this.times.length + 1}. ${title}`))
    const started = performance.now()
    const result = await work()
    const seconds = (performance.now() - started) / 1000
    this.times.push({ title, seconds })
    this.detail(`${seconds.toFixed(1)} s`)
    return result
  }

  say(line: string): void {
    process.stdout.write(`${line}\n`)
  }

  /** A command as the user would type it. */
  command(line: string): void {
    this.say(`   ${paint('cyan', `$ ${line}`)}`)
  }

  /** What a command printed. */
  output(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.say(`   ${line}`)
  }

  detail(line: string): void {
    this.say(`   ${paint('dim', line)}`)
  }

  good(line: string): void {
    this.say(`   ${paint('green', '✔')} ${line}`)
  }

  bad(line: string): void {
    this.say(`   ${paint('red', '✖')} ${line}`)
  }

  totalSeconds(): number {
    return (performance.now() - this.#started) / 1000
  }
}

type Paint = 'bold' | 'dim' | 'cyan' | 'green' | 'red'

/** Colours only where a person looks: styleText honours NO_COLOR and a stream that is no terminal. */
function paint(format: Paint, text: string): string {
  return styleText(format, text, { stream: process.stdout })
}
