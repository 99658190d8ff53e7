# The emulator of DPS and IoT Hub. Arguments of `docker run` after the image name are options of `moorage emulate`.
FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /moorage
COPY package.json package-lock.json .npmrc ./
COPY devs/package.json devs/
COPY tools ./tools
# Installs all packages of the lock file, development dependencies included, although NODE_ENV is production.
RUN npm ci --include=dev && npm cache clean --force
USER node
EXPOSE 8883 8443 1883 8080
ENTRYPOINT ["node", "tools/cli/moorage.mjs", "emulate", "--host", "0.0.0.0"]
