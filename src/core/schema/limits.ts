/** Whether the limits of one shape are within those of another. */
import type { NumberShape, Shape, StringShape } from "./shape.ts";

/** What is not understood of the reader stands in the writer word by word. */
export function covers(writer: Shape, reader: Shape): boolean {
  return reader.opaque.every((each) => writer.opaque.includes(each));
}

export function numbersFit(writer: NumberShape, reader: NumberShape): boolean {
  const min = writer.integer ? Math.max(writer.min, Number.MIN_SAFE_INTEGER) : writer.min;
  const max = writer.integer ? Math.min(writer.max, Number.MAX_SAFE_INTEGER) : writer.max;
  const isMultiple = (step: number): boolean =>
    (writer.integer && step === 1) ||
    writer.multiples.some((own) => own === step || (Number.isInteger(step) && own % step === 0));
  return (
    (!reader.integer || writer.integer || writer.multiples.some(Number.isInteger)) &&
    (min > reader.min || (min === reader.min && (writer.minOpen || !reader.minOpen))) &&
    (max < reader.max || (max === reader.max && (writer.maxOpen || !reader.maxOpen))) &&
    reader.multiples.every(isMultiple)
  );
}

export function stringsFit(writer: StringShape, reader: StringShape): boolean {
  return (
    writer.minLength >= reader.minLength &&
    writer.maxLength <= reader.maxLength &&
    reader.patterns.every((each) => writer.patterns.includes(each)) &&
    reader.formats.every((each) => writer.formats.includes(each))
  );
}
