import { mountsBelow } from './mounts.ts';
import { nodeNumbers, tablesOf } from './sweep.ts';

describe('what a killed run left', () => {
  it('recognises its own nodes in namespaces, folders and links', () => {
    const names = [
      'berth-0123abcd-node-3',
      'node-1',
      'berth-ffffffff-node-9',
      '7: b0123abcd-12@if2: <BROADCAST>',
      'system',
    ];
    expect(nodeNumbers('0123abcd', names)).toEqual([1, 3, 12]);
  });
  it('recognises its own tables', () => {
    expect(tablesOf('0123abcd', 'table ip berth-0123abcd-host\ntable ip berth-ffffffff\ntable inet x\n')).toEqual([
      'ip berth-0123abcd-host',
    ]);
  });
  it('lists mounts deepest first and unescapes them', () => {
    const text =
      '1 0 0:1 / / rw - a b c\n2 1 0:2 / /run/berth/x rw - a b c\n3 2 0:3 / /run/berth/x/a\\040b rw - a b c\n';
    expect(mountsBelow(`${text}4 1 0:4 / /run/berth/xy rw - a b c\n`, '/run/berth/x')).toEqual([
      '/run/berth/x/a b',
      '/run/berth/x',
    ]);
  });
});
