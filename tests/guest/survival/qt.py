"""Windows, dialogs, models, threads and timers of PySide6, without a screen."""
import sys

from PySide6.QtCore import QAbstractTableModel, QObject, QRunnable, QSortFilterProxyModel, Qt, QThreadPool, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QPushButton, QTableView, QVBoxLayout


class Numbers(QAbstractTableModel):
    def rowCount(self, parent=None):
        return 200

    def columnCount(self, parent=None):
        return 3

    def data(self, index, role=Qt.DisplayRole):
        return index.row() * index.column() if role == Qt.DisplayRole else None


class Told(QObject):
    number = Signal(int)


class Task(QRunnable):
    def __init__(self, told, number):
        super().__init__()
        self.told, self.number = told, number

    def run(self):
        self.told.number.emit(sum(range(self.number)))


def dialog(parent, number):
    window = QDialog(parent)
    layout = QVBoxLayout(window)
    edit, button = QLineEdit(str(number)), QPushButton("accept")
    for widget in (QLabel("number"), edit, button):
        layout.addWidget(widget)
    button.clicked.connect(lambda: window.done(int(edit.text())))
    window.show()
    button.click()
    return window.result()


def painted():
    image = QImage(64, 64, QImage.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.fillRect(8, 8, 16, 16, QColor("red"))
    painter.end()
    return sum(image.pixelColor(x, x).red() + image.pixelColor(x, x).green() for x in range(64))


def main():
    app = QApplication(sys.argv)
    table, proxy = QTableView(), QSortFilterProxyModel()
    model = Numbers()
    proxy.setSourceModel(model)
    table.setModel(proxy)
    table.show()
    items = QStandardItemModel()
    for number in range(500):
        items.appendRow(QStandardItem("item %d" % number))
    print(sum(dialog(table, number) for number in range(50)), proxy.rowCount(), items.rowCount(), painted())
    told, sums = Told(), []
    told.number.connect(sums.append)
    for number in range(100):
        QThreadPool.globalInstance().start(Task(told, number * 100))
    timer = QTimer()
    timer.timeout.connect(lambda: len(sums) == 100 and app.exit(7))
    timer.start(5)
    status = app.exec()
    print(sum(sums))
    return status


sys.exit(main())
