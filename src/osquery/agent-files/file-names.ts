/** Of the files beside `osquery.flags`, on the agent's machine and in the folder it is copied from. */
export const secretFileName = 'edr-lake-secret'
export const authorityFileName = 'edr-lake-ca.pem'
