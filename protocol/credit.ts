/** The most items of one stream that a caller may have on their way. Apart from the schemas, which a client does not need. */
export const largestCredit = 65_536;
