import { expect, test } from 'vitest';
import { History } from './history.ts';

test('of two writes in a row the later one counts', () => {
  const history = new History();
  history.acknowledge(history.send(), [['a', true]]);
  history.acknowledge(history.send(), [['a', false]]);
  expect(history.possible('a')).toEqual(['false']);
});

test('of two writes that overlap either may have come last', () => {
  const history = new History();
  const [first, second] = [history.send(), history.send()];
  history.acknowledge(second, [['a', false]]);
  history.acknowledge(first, [['a', true]]);
  expect(history.possible('a').toSorted()).toEqual(['false', 'true']);
  history.acknowledge(history.send(), [['a', true]]);
  expect(history.possible('a')).toEqual(['true']);
});

test('a write that a third one has replaced is out, though it overlapped another one', () => {
  const history = new History();
  const long = history.send();
  history.acknowledge(history.send(), [['a', 'x']]);
  history.acknowledge(history.send(), [['a', 'y']]);
  history.acknowledge(long, [['a', 'z']]);
  expect(history.possible('a')).toEqual(['y', 'z']);
  expect(history.possible('b')).toEqual([]);
});
