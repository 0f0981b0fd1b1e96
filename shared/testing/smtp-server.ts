import type { Socket } from 'node:net';
import { startTcpServer } from './tcp-server.ts';

type Step = 'greeting' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'message';
/** The reply at a step, if not success: an SMTP reply, no reply, or a closed connection. */
type Script = Partial<Record<Step, `${number} ${string}` | 'silence' | 'close'>>;

/** A mail server that follows a script; `messages` counts complete emails, `passwords` has those of logins. */
export async function startSmtpServer(script: Script) {
  const seen = { messages: 0, connections: 0 };
  const passwords: string[] = [];
  const { port, close } = await startTcpServer((socket) => {
    seen.connections++;
    const respond = (step: Step, success: string) => {
      const reply = script[step] ?? success;
      if (reply === 'close') socket.end();
      else if (reply !== 'silence') socket.write(`${reply}\r\n`);
    };
    let inMessage = false;
    respond('greeting', '220 ready');
    onLines(socket, (line) => {
      if (inMessage && line !== '.') return;
      if (inMessage) seen.messages++;
      const verb = inMessage ? 'message' : (line.split(/[ :]/)[0] ?? '').toUpperCase();
      inMessage = verb === 'DATA' && !script.DATA;
      if (verb === 'AUTH') passwords.push(passwordOf(line));
      if (verb === 'EHLO') socket.write('250-test\r\n250 AUTH PLAIN\r\n');
      else if (verb === 'DATA') respond('DATA', '354 go on');
      else respond(verb as Step, verb === 'AUTH' ? '235 welcome' : '250 ok');
    });
  });
  return { port, seen, passwords, stop: close };
}

/** Of `AUTH PLAIN`: the base64 form of NUL user NUL password. */
const passwordOf = (line: string) =>
  Buffer.from(line.split(' ')[2] ?? '', 'base64')
    .toString()
    .split('\0')[2] ?? '';

function onLines(socket: Socket, onLine: (line: string) => void) {
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk.toString()).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
