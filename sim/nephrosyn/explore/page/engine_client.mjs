// The model in a worker: one request at a time, and of those that wait only the last.

export class EngineClient {
  /** @param {string} source - text of the worker's script */
  constructor(source) {
    this.worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    this.worker.onmessage = ({ data }) => this.answered(data);
    this.worker.onerror = (event) => this.failed(new Error(event.message || "the model could not be started"));
    this.number = 0;
    /** @type {any} */
    this.running = null;
    /** @type {any} */
    this.waiting = null;
  }

  /**
   * Ask the model. A request that is replaced by a later one before it begins is answered with null.
   *
   * @param {Record<string, any>} request
   * @returns {Promise<any>}
   */
  ask(request) {
    return new Promise((resolve, reject) => {
      const asked = { request, resolve, reject, id: ++this.number };
      if (this.running) {
        this.waiting?.resolve(null);
        this.waiting = asked;
      } else this.send(asked);
    });
  }

  /** @param {any} asked */
  send(asked) {
    this.running = asked;
    this.worker.postMessage({ id: asked.id, ...asked.request });
  }

  /** @param {any} answer */
  answered(answer) {
    const { resolve, reject } = this.running;
    this.next();
    if (answer.error) reject(Object.assign(new Error(answer.error.message), { kind: answer.error.kind }));
    else resolve(answer);
  }

  /** @param {Error} error */
  failed(error) {
    const running = this.running;
    this.next();
    running?.reject(error);
  }

  next() {
    this.running = null;
    if (!this.waiting) return;
    const asked = this.waiting;
    this.waiting = null;
    this.send(asked);
  }
}
