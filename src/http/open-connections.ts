import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'

/**
 * Keeps track of a listener's connections, and returns what ends them without cutting a request off: those without one
 * at once, the others after their answer. Node itself leaves connections that never asked anything, and those whose
 * answer was under way, until they time out.
 */
export function watchConnections(server: Server | TlsServer): () => void {
  const requests = new Map<Socket, number>()
  let isEnding = false
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', add)
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    requests.set(socket, (requests.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (requests.get(socket) ?? 1) - 1
      if (requests.has(socket)) requests.set(socket, left)
      if (isEnding && left === 0) socket.destroySoon()
    })
  })

  function add(socket: Socket): void {
    requests.set(socket, 0)
    socket.once('close', () => requests.delete(socket))
  }

  return () => {
    isEnding = true
    for (const [socket, count] of requests) if (count === 0) socket.destroy()
  }
}
