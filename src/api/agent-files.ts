import Type from 'typebox'

// `/lake/v1/agent-files`: what a machine needs to report to the lake.

export const AgentFileList = Type.Object({
  tlsHostname: Type.String({ description: "name and port, as in osquery's tls_hostname" }),
  items: Type.Array(
    Type.Object({
      name: Type.String({ description: 'folder of a platform and file in it: linux/osquery.flags' }),
      text: Type.String(),
      isSecret: Type.Boolean({ description: 'to be readable by its owner only' }),
    }),
  ),
})

export const AgentFilesQuery = Type.Object({
  tlsName: Type.Optional(
    Type.String({ description: "what these agents call the lake, host or host:port; absent: the lake's first name" }),
  ),
})
