import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

// What stands between agents and a server of TLS: usually it passes bytes on without a look. Told to, it answers in the
// server's name, with the server's certificate, as a terminating proxy does whose server is gone: 502 and nothing else,
// which agents of osquery take for a success.

export interface FaultProxy extends AsyncDisposable {
  readonly port: number
  /** Where connections from now on go to; undefined: nowhere, they are closed. */
  target: number | undefined
  /** Answers every request with an empty 502 until it is told otherwise; connections under way are cut. */
  answerNothing(pem: { readonly key: string; readonly cert: string }): void
  passOn(): void
  /** Requests that were answered with nothing. */
  readonly answered: number
  close(): Promise<void>
}

export async function startFaultProxy(): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  let pem: { readonly key: string; readonly cert: string } | undefined
  let answered = 0

  function hold(socket: Socket): void {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }

  function passOn(client: Socket, port: number): void {
    const server = connect({ host: '127.0.0.1', port })
    hold(server)
    client.pipe(server)
    server.pipe(client)
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  }

  function answerNothing(client: Socket, own: { readonly key: string; readonly cert: string }): void {
    const secure = new TLSSocket(client, { isServer: true, ...own })
    secure.on('error', () => client.destroy())
    let head = ''
    let left = 0
    secure.on('data', (bytes: Buffer) => {
      let text = bytes.toString('latin1')
      while (text !== '') {
        if (left === 0) {
          head += text
          const end = head.indexOf('\r\n\r\n')
          if (end === -1) return
          left = Number(/\r\ncontent-length: (\d+)/i.exec(head.slice(0, end))?.[1] ?? 0)
          text = head.slice(end + 4)
          head = ''
        }
        const taken = Math.min(left, text.length)
        left -= taken
        text = text.slice(taken)
        if (left > 0) return
        answered += 1
        secure.write('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
      }
    })
  }

  function cut(): void {
    for (const socket of sockets) socket.destroy()
  }

  const listener = createServer(client => {
    hold(client)
    if (pem !== undefined) answerNothing(client, pem)
    else if (proxy.target !== undefined) passOn(client, proxy.target)
    else client.destroy()
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    cut()
    await new Promise(resolve => listener.close(resolve))
  }
  const proxy: FaultProxy = {
    port: (listener.address() as AddressInfo).port,
    target: undefined,
    answerNothing(own) {
      pem = own
      cut()
    },
    passOn() {
      pem = undefined
      cut()
    },
    get answered() {
      return answered
    },
    ...{ close, [Symbol.asyncDispose]: close },
  }
  return proxy
}
