import type { FastifyReply, FastifyRequest } from 'fastify'
import { agentAnswerMsMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { type AgentBody, agentBody } from './agent-body.ts'

/** One request of an agent, as its handler sees it. */
export interface AgentCall {
  readonly request: FastifyRequest
  readonly body: AgentBody
  /** Address of the peer, after trusted proxies; IPv4 as such. */
  readonly peerIp: string
  /** The tenant that the path names; undefined: it names none. */
  readonly tenantId: string | undefined
}

export interface AgentWork {
  readonly bytesMax: number
  /** JSON text. */
  readonly answer: (call: AgentCall) => Promise<string>
}

/**
 * The handler of an agent's route: it answers in time, whatever the work does, because an agent that gave up waiting
 * sends everything again. Work that is late reads no more, and what it does then is as if the answer had been lost.
 */
export function agentHandler(
  { bytesMax, answer }: AgentWork,
  tenantOf: (request: FastifyRequest) => string | undefined,
) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const body = agentBody(request, bytesMax)
    const call = { request, body, peerIp: plainAddress(request.address), tenantId: tenantOf(request) }
    const work = async () => {
      try {
        return await answer(call)
      } finally {
        await body.drain()
      }
    }
    reply.type('application/json; charset=utf-8')
    return await inTime(work(), () => body.stop())
  }
}

async function inTime<Result>(work: Promise<Result>, onLate: () => void): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      onLate()
      reject(new AppError('timed_out', `no answer within ${agentAnswerMsMax / 1000} s: try again`))
    }, agentAnswerMsMax)
  })
  // Nobody hears of what becomes of work that is late.
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** An IPv4 address as it is written, also where it came through a socket of both kinds. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}
