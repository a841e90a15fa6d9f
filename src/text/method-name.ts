/** How a method is named where a person reads or types it. Pure. */

/**
 * `panic` for `chaos.panic`, where `bulkhead call` can mean no other method by it.
 *
 * @param method `api.method`
 * @param offered all methods of the plugin, the same way
 */
export function shortMethod(method: string, offered: readonly string[]): string {
  const short = method.slice(method.indexOf(".") + 1);
  const isAlone = offered.every((each) => each === method || !each.endsWith(`.${short}`));
  return isAlone && !offered.includes(short) ? short : method;
}
